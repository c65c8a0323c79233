"""Creates and checks the Kafka topics of the catalogue."""

from collections.abc import Iterable
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from agents.reachability import Reachability, quiet
from agents.refusals import not_done
from pipeline.config import KafkaSettings, StateSettings
from pipeline.errors import ConfigurationError
from schemas.catalogue import KafkaTopic, catalogue

_TIMEOUT_S = 15.0
_STATE = StateSettings()


@dataclass(frozen=True)
class TopicReport:
    """What exists and what does not: names created now, found, missing, with wrong partitions."""

    created: tuple[str, ...]
    found: tuple[str, ...]
    missing: tuple[str, ...]
    wrong_partitions: tuple[str, ...]


def create_kafka_topics(
    kafka: KafkaSettings, domains: Iterable[str], state: StateSettings = _STATE
) -> TopicReport:
    """Create what is missing, and check the partition counts of what is there.

    Raises ConfigurationError if no broker answers, if one refuses, or if an existing Kafka topic
    has another partition count than `kafka.partitions`.
    """
    admin, reachability = _admin(kafka)
    wanted = catalogue(domains, int(state.answers_s * 1000))
    existing = reachability.partitions(admin, kafka)
    new = [_new_topic(topic, kafka) for topic in wanted if kafka.named(topic.name) not in existing]
    acknowledged: dict[str, int] = {}
    if new:
        for name, future in admin.create_topics(new, request_timeout=_TIMEOUT_S).items():
            try:
                future.result()
                acknowledged[name] = kafka.partitions
            except KafkaException as error:
                if error.args[0].code() != KafkaError.TOPIC_ALREADY_EXISTS:
                    doing = f"create the Kafka topic {name}"
                    raise ConfigurationError(not_done(doing, error.args[0], kafka)) from None
    # Another broker may not show yet what the controller has acknowledged.
    report = _report(wanted, acknowledged | existing | reachability.partitions(admin, kafka), kafka)
    if report.wrong_partitions:
        raise ConfigurationError(
            f"Kafka topics with a partition count other than {kafka.partitions}: "
            f"{', '.join(report.wrong_partitions)}; set kafka.partitions to theirs, or recreate"
        )
    created = tuple(topic.topic for topic in new)
    found = tuple(name for name in report.found if name not in created)
    return TopicReport(created, found, report.missing, ())


def check_kafka_topics(kafka: KafkaSettings, domains: Iterable[str]) -> TopicReport:
    """Compare the cluster with the catalogue; changes nothing."""
    admin, reachability = _admin(kafka)
    return _report(catalogue(domains), reachability.partitions(admin, kafka), kafka)


def _report(
    wanted: Iterable[KafkaTopic], existing: dict[str, int], kafka: KafkaSettings
) -> TopicReport:
    names = [kafka.named(topic.name) for topic in wanted]
    return TopicReport(
        created=(),
        found=tuple(name for name in names if name in existing),
        missing=tuple(name for name in names if name not in existing),
        wrong_partitions=tuple(
            f"{name} ({existing[name]})"
            for name in names
            if name in existing and existing[name] != kafka.partitions
        ),
    )


def _admin(kafka: KafkaSettings) -> tuple[AdminClient, Reachability]:
    reachability = Reachability()
    return AdminClient(quiet(kafka.client_settings(), reachability)), reachability


def _new_topic(topic: KafkaTopic, kafka: KafkaSettings) -> NewTopic:
    return NewTopic(
        kafka.named(topic.name),
        num_partitions=kafka.partitions,
        replication_factor=kafka.replication_factor,
        config=dict(topic.settings),
    )
