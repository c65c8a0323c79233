"""Asks the cluster what this process may do, before it starts: one line says what is missing."""

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from typing import Any

from confluent_kafka import KafkaError, KafkaException, TopicCollection
from confluent_kafka.admin import AclOperation, AdminClient  # type: ignore[attr-defined]

from agents.needs import Needs
from agents.reachability import Reachability, quiet
from agents.refusals import SEE
from pipeline.config import KafkaSettings
from pipeline.errors import ConfigurationError

_TIMEOUT_S = 15.0
_TOLD = 6
_HIDDEN = {KafkaError.TOPIC_AUTHORIZATION_FAILED, KafkaError.GROUP_AUTHORIZATION_FAILED}
_MISSING = {KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_PARTITION}


def require_permissions(kafka: KafkaSettings, needs: Needs) -> None:
    """Check that the cluster lets this process read, write and join what it needs.

    A cluster without access rules allows everything, and one that cannot tell is taken to.
    Raises ConfigurationError when no broker lets it in, or with a line that names what is missing.
    """
    wanted = needs.named(kafka)
    reachability = Reachability()
    admin = AdminClient(quiet(kafka.client_settings(), reachability))
    reachability.partitions(admin, kafka)
    # What a client may not see looks to it as if it were not there.
    unseen: list[str] = []
    refused: dict[str, list[str]] = {}
    names = sorted(wanted.reads | wanted.writes)
    topics = admin.describe_topics(
        TopicCollection(names), include_authorized_operations=True, request_timeout=_TIMEOUT_S
    )
    for name, allowed in _allowed(topics):
        if allowed is None:
            unseen.append(name)
            continue
        for operation, those in (("READ", wanted.reads), ("WRITE", wanted.writes)):
            if name in those and AclOperation[operation] not in allowed:
                refused.setdefault(f"{operation} the Kafka topics", []).append(name)
    groups = admin.describe_consumer_groups(
        sorted(wanted.groups), include_authorized_operations=True, request_timeout=_TIMEOUT_S
    )
    for name, allowed in _allowed(groups):
        if allowed is None or AclOperation.READ not in allowed:
            refused.setdefault("READ the groups", []).append(name)
    faults = [f"may not {what} {_listed(names)}" for what, names in refused.items()]
    if unseen:
        faults.append(
            f"does not see the Kafka topics {_listed(unseen)} (rolestream topics create makes them)"
        )
    if faults:
        raise ConfigurationError(f"{kafka.user} {', '.join(faults)}: have it granted; {SEE}")


def require_cluster(kafka: KafkaSettings) -> None:
    """Check that a broker answers. Raises ConfigurationError with the reason if none does."""
    reachability = Reachability()
    reachability.partitions(AdminClient(quiet(kafka.client_settings(), reachability)), kafka)


def _allowed(
    answers: Mapping[str, "Future[Any]"],
) -> Iterator[tuple[str, frozenset[AclOperation] | None]]:
    """By name what may be done there; None where it may not even be seen or is not there."""
    for name, future in answers.items():
        try:
            operations = future.result().authorized_operations
        except KafkaException as error:
            code = error.args[0].code()
            if code in _HIDDEN | _MISSING:
                yield name, None
            continue
        if operations is not None:
            yield name, frozenset(operations)


def _listed(items: list[str]) -> str:
    more = f" and {len(items) - _TOLD} more" if len(items) > _TOLD else ""
    return ", ".join(items[:_TOLD]) + more
