"""Every component works with a login of its own, over TLS, with no more than its access rules."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AclBindingFilter

from deploy.compose.access import Grant, May
from deploy.compose.grant_access import binding
from pipeline.config import load_config
from tests.flow import until
from tests.scripted.text import marked
from tests.security.people import People
from tests.security.secure_kafka import SecureKafka

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

MODEL_SIDE = "topic-finder,topic-locator,relationship-checker,content-organizer,format-checker"
TEXT = "".join(marked("mug", ["fact"], f"Sentence number {n}.") + "\n" for n in range(12))


def records(people: People, config: Path, stream: str) -> list[str]:
    """What the user may read of the records of a stream."""
    status, printed, errors = people.run(
        config, "consume", "--domain", "news", "--stream", stream, "--json"
    )
    assert status == 0, errors
    return [line for line in printed.splitlines() if line.strip()]


@pytest.mark.parametrize(
    "mechanism",
    [
        "SCRAM-SHA-512",
        pytest.param("PLAIN", marks=pytest.mark.slow),
        pytest.param("OAUTHBEARER", marks=pytest.mark.slow),
    ],
)
def test_the_whole_flow(people: People, secure_kafka: SecureKafka, mechanism: str) -> None:
    def config(user: str) -> Path:
        return people.config(f"{user}-{mechanism}", secure_kafka.table(user, mechanism))

    stream = f"stream-{mechanism}"
    for user, roles in (
        ("splitter", "chunk-splitter"),
        ("role-worker", MODEL_SIDE),
        ("policy", "policy"),
    ):
        people.worker(config(user), roles)
    produced = people.run(
        *(config("producer"), "produce", "-", "--domain", "news", "--stream", stream, "--end"),
        text=TEXT,
    )
    assert produced[0] == 0, produced
    until(lambda: records(people, config("consumer"), stream) != [], 60)
    status, printed, errors = people.run(config("observer"), "status", "--json")
    assert (status, errors) == (0, "")
    assert json.loads(printed)
    for command in (("dead-letters", "list"), ("policy", "show"), ("topics", "check")):
        status, _, errors = people.run(config("observer"), *command)
        assert status == 0, (command, errors)
    status, _, errors = people.run(config("admin"), "topics", "create")
    assert status == 0, errors
    logs = "".join(path.read_text(errors="replace") for path in people.folder.glob("*.log"))
    assert "Traceback" not in logs
    assert "uthorization" not in logs


def test_a_certificate_is_a_login_too(people: People, secure_kafka: SecureKafka) -> None:
    config = people.config("mutual", secure_kafka.mutual_table("consumer"))
    records(people, config, "any")


def test_an_operator_replays_dead_letters_and_an_observer_may_not(
    people: People, secure_kafka: SecureKafka
) -> None:
    splitter = people.config("splitter", secure_kafka.table("splitter"))
    people.worker(splitter, "chunk-splitter")
    producer = people.config("producer", secure_kafka.table("producer"))
    client = Producer(load_config(producer, environ={}).kafka.client_settings())
    client.produce("sec.raw-news", b"{broken", b"some stream")
    assert client.flush(10) == 0
    operator = people.config("operator", secure_kafka.table("operator"))
    observer = people.config("observer", secure_kafka.table("observer"))
    kind = ("--kind", "invalid", "--json")

    def listed() -> list[dict[str, object]]:
        found = people.run(observer, "dead-letters", "list", *kind)
        assert found[0] == 0, found
        letters: list[dict[str, object]] = json.loads(found[1])
        return letters

    until(lambda: listed() != [], 30)
    status, _, errors = people.run(observer, "dead-letters", "replay", *kind)
    assert status == 1
    assert "'observer' may not send to where they came from: have it granted" in errors
    status, printed, errors = people.run(operator, "dead-letters", "replay", *kind)
    assert status == 0, errors
    assert json.loads(printed)["replayed"] == [listed()[0]["name"]]


def test_a_grant_that_is_taken_away_and_given_back_loses_nothing(
    people: People, secure_kafka: SecureKafka
) -> None:
    own = "sec.windows"
    rule = binding(Grant("splitter", May.WRITE, kafka_topic=own))
    people.worker(people.config("splitter", secure_kafka.table("splitter")), "chunk-splitter")
    worker, log = people.worker(
        people.config("role-worker", secure_kafka.table("role-worker")), MODEL_SIDE
    )
    taken = AclBindingFilter(
        *(rule.restype, rule.name, rule.resource_pattern_type, rule.principal, "*"),
        *(rule.operation, rule.permission_type),
    )
    for future in secure_kafka.admin.delete_acls([taken]).values():
        assert len(future.result()) == 1
    producer = people.config("producer", secure_kafka.table("producer"))
    produced = people.run(
        *(producer, "produce", "-", "--domain", "news", "--stream", "taken", "--end"), text=TEXT
    )
    assert produced[0] == 0
    refused = "'splitter' may not WRITE the Kafka topic sec.windows: have it granted;"
    until(lambda: any(refused in p.read_text() for p in people.folder.glob("*.log")), 30)
    for future in secure_kafka.admin.create_acls([rule]).values():
        future.result()
    consumer = people.config("consumer", secure_kafka.table("consumer"))
    until(lambda: records(people, consumer, "taken") != [], 60)
    assert worker.poll() is None
    assert "Traceback" not in log.read_text()
