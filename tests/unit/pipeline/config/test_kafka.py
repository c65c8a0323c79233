"""Kafka settings: client options, names, and where the password comes from."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.config import KafkaSettings
from pipeline.errors import ConfigurationError


def settings(**changes: object) -> KafkaSettings:
    return KafkaSettings.model_validate({"bootstrap_servers": "b:9092", **changes})


SASL = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "me"}


def test_a_plain_cluster_needs_its_address_only() -> None:
    assert settings().client_settings() == {
        "bootstrap.servers": "b:9092",
        "security.protocol": "PLAINTEXT",
    }


def test_tls_names_its_authority() -> None:
    secure = settings(security_protocol="SSL", ssl_ca_file="/ca.pem").client_settings()
    assert secure["ssl.ca.location"] == "/ca.pem"
    assert "sasl.password" not in secure


def test_the_password_is_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BROKER_PASSWORD", "secret")
    named = {"sasl_password_env": "BROKER_PASSWORD"}
    client = settings(**SASL, **named).client_settings()
    assert client["sasl.username"] == "me"
    assert client["sasl.password"] == "secret"


def test_the_password_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "password"
    path.write_text("secret\n", encoding="utf-8")
    assert settings(**SASL, sasl_password_file=path).sasl_password() == "secret"


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ({}, "set one of them"),
        ({"sasl_password_env": "NOT_SET_ANYWHERE"}, "NOT_SET_ANYWHERE is not set"),
        ({"sasl_password_file": "/nowhere/password"}, "cannot read /nowhere/password"),
    ],
)
def test_a_password_that_is_not_there_is_one_clear_line(
    where: dict[str, str], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        settings(**SASL, **where).client_settings()
    assert len(str(caught.value).splitlines()) == 1


def test_the_password_cannot_be_part_of_the_configuration() -> None:
    with pytest.raises(ValidationError, match="sasl_password"):
        settings(**SASL | {"sasl_password": "secret"})


def test_a_prefix_keeps_deployments_apart() -> None:
    assert settings().named("raw-news") == "raw-news"
    assert settings(kafka_topic_prefix="test.").named("raw-news") == "test.raw-news"
    with pytest.raises(ValidationError):
        settings(kafka_topic_prefix="no spaces")
