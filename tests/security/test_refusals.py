"""Whoever is not let in is told in one line what, where and what to do."""

from pathlib import Path

import pytest

from tests.security.authority import Authority
from tests.security.people import People
from tests.security.secure_kafka import SecureKafka

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

TOOLS: dict[str, tuple[str, ...]] = {
    "worker": ("worker", "--no-create-topics", "--roles", "topic-finder"),
    "policy agent": ("worker", "--no-create-topics", "--roles", "policy"),
    "producer": ("produce", "-", "--domain", "news", "--stream", "s"),
    "consumer": ("consume", "--domain", "news"),
    "topics": ("topics", "create"),
    "dead letters": ("dead-letters", "list"),
    "status": ("status",),
}


def told(people: People, config: Path, tool: str) -> str:
    """The one line with which a tool ends."""
    status, printed, errors = people.run(config, *TOOLS[tool], text="Hello there.\n")
    assert status in (1, 2), (status, printed, errors)
    lines = errors.strip().splitlines()
    assert len(lines) == 1, errors
    assert printed == ""
    assert lines[0].startswith("Error: ")
    return lines[0]


@pytest.mark.parametrize("tool", TOOLS)
def test_a_wrong_password(people: People, secure_kafka: SecureKafka, tool: str) -> None:
    wrong = secure_kafka.password_file("policy", "not-the-password")
    table = secure_kafka.table("policy", sasl_password_file=str(wrong))
    line = told(people, people.config("wrong", table), tool)
    assert f"{secure_kafka.secure} refuses the login of 'policy' by SCRAM-SHA-512" in line
    assert f"check kafka.sasl_username, the password in kafka.sasl_password_file ({wrong})" in line
    assert "not-the-password" not in line


@pytest.mark.parametrize("tool", TOOLS)
def test_a_wrong_authority(
    people: People, secure_kafka: SecureKafka, tool: str, tmp_path: Path
) -> None:
    other = Authority(tmp_path / "other", "another CA").certificate
    table = secure_kafka.table("policy", ssl_ca_file=str(other))
    line = told(people, people.config("other", table), tool)
    assert f"TLS with {secure_kafka.secure} fails" in line
    assert "certificate" in line
    assert f"check that kafka.ssl_ca_file ({other}) is the authority" in line


@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_granted(people: People, secure_kafka: SecureKafka, tool: str) -> None:
    line = told(people, people.config("stranger", secure_kafka.table("stranger")), tool)
    assert "'stranger'" in line
    assert "granted" in line
    assert "docs/security.md" in line
    assert "sec." in line  # what it is that is not granted


@pytest.mark.parametrize(
    ("user", "tool", "refused"),
    [
        ("consumer", "producer", "no Kafka topic sec.raw-news"),
        ("producer", "consumer", "no Kafka topic sec.records-news"),
        ("splitter", "worker", "READ the groups sec-topic-finder"),
        ("observer", "worker", "WRITE the Kafka topics sec."),
        ("observer", "policy agent", "WRITE the Kafka topics sec."),
        ("observer", "producer", "sec.raw-news"),
    ],
)
def test_one_grant_is_missing(
    people: People, secure_kafka: SecureKafka, user: str, tool: str, refused: str
) -> None:
    line = told(people, people.config(user, secure_kafka.table(user)), tool)
    assert refused in line
    assert f"'{user}'" in line
    assert "granted" in line


@pytest.mark.parametrize("tool", ["worker", "producer"])
def test_tls_is_not_to_be_had_without_asking(
    people: People, secure_kafka: SecureKafka, tool: str
) -> None:
    table = f'[kafka]\nbootstrap_servers = "{secure_kafka.secure}"\n'
    line = told(people, people.config("plain", table), tool)
    assert f"no Kafka broker answers at {secure_kafka.secure}" in line
    assert "security_protocol is PLAINTEXT" in line


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"ssl_ca_file": "/no/such/ca.pem"}, "kafka.ssl_ca_file: cannot read /no/such/ca.pem"),
        ({"sasl_password_file": "/no/such"}, "kafka.sasl_password_file: cannot read /no/such"),
        ({"security_protocol": "SASL_PLAINTEXT"}, "does not encrypt"),
        ({"security_protocol": "PLAINTEXT"}, "logs nobody in"),
    ],
)
def test_files_and_settings_that_do_not_fit(
    people: People, secure_kafka: SecureKafka, changes: dict[str, str], said: str
) -> None:
    config = people.config("unfit", secure_kafka.table("policy", **changes))
    assert said in told(people, config, "producer")
    assert said in told(people, config, "worker")


def test_a_token_that_the_broker_refuses(people: People, secure_kafka: SecureKafka) -> None:
    table = secure_kafka.table("policy", "OAUTHBEARER")
    secure_kafka.token_file("policy").write_text("no.such.token")
    line = told(people, people.config("unknown", table), "policy agent")
    assert "refuses the login of the token's subject by OAUTHBEARER" in line


def test_an_expired_token(people: People, secure_kafka: SecureKafka) -> None:
    table = secure_kafka.table("policy", "OAUTHBEARER")
    secure_kafka.token_file("policy", lifetime_s=-60.0)
    line = told(people, people.config("expired", table), "policy agent")
    assert "kafka.sasl_token_file: the token in" in line
    assert "has ended" in line
