"""Kafka settings: client options, names, and where the password comes from."""

import base64
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.config import KafkaSettings
from pipeline.config.token import Token
from pipeline.errors import ConfigurationError


def settings(**changes: Any) -> KafkaSettings:
    return KafkaSettings.model_validate({"bootstrap_servers": "b:9092", **changes})


SASL = {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", "sasl_username": "me"}


def test_a_plain_cluster_needs_its_address_only() -> None:
    assert settings().client_settings() == {
        "bootstrap.servers": "b:9092",
        "security.protocol": "PLAINTEXT",
    }


def test_tls_names_its_files(tmp_path: Path) -> None:
    file = tmp_path / "some.pem"
    file.write_text("")
    files = dict.fromkeys(("ssl_ca_file", "ssl_cert_file", "ssl_key_file"), file)
    secure = settings(security_protocol="SSL", **files).client_settings()
    named = [secure[f"ssl.{name}.location"] for name in ("ca", "certificate", "key")]
    assert named == [str(file)] * 3
    assert "sasl.password" not in secure


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"sasl_username": "me"}, "logs nobody in"),
        ({"security_protocol": "SSL", "sasl_password_env": "X"}, "logs nobody in"),
        ({"ssl_ca_file": "/ca.pem"}, "does not encrypt"),
        ({**SASL, "security_protocol": "SASL_PLAINTEXT", "ssl_ca_file": "/x"}, "does not encrypt"),
        ({"security_protocol": "SSL", "ssl_key_file": "/x"}, "go together"),
    ],
)
def test_a_secret_is_never_left_unused_or_unprotected_by_mistake(
    given: dict[str, str], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        settings(**given)


def token(claims: str) -> str:
    return f"e30.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}."


def test_a_token_is_read_at_every_login(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(token('{"exp":4100000000}') + "\n")
    given = settings(**SASL | {"sasl_mechanism": "OAUTHBEARER", "sasl_token_file": path})
    login = given.client_settings()["oauth_cb"]
    assert login("") == (token('{"exp":4100000000}'), 4100000000.0)
    path.write_text("opaque")
    assert login("")[0] == "opaque"
    assert given.user == "the token's subject"


@pytest.mark.parametrize(
    ("text", "message"), [(None, "cannot read"), ("", "is empty"), ("\n", "is empty")]
)
def test_a_token_that_is_not_there_is_one_clear_line(
    tmp_path: Path, text: str | None, message: str
) -> None:
    path = tmp_path / "token"
    if text is not None:
        path.write_text(text)
    given = settings(**SASL | {"sasl_mechanism": "OAUTHBEARER", "sasl_token_file": path})
    with pytest.raises(ConfigurationError, match=message):
        given.client_settings()


def test_a_token_that_has_ended_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(token('{"exp":1700000000}'))
    given = settings(**SASL | {"sasl_mechanism": "OAUTHBEARER", "sasl_token_file": path})
    with pytest.raises(ConfigurationError, match="has ended"):
        given.client_settings()


@pytest.mark.parametrize(
    "text", ["a.b", "a.!!.c", token("[]"), token('{"exp":"soon"}'), token("x")]
)
def test_what_a_token_does_not_say_is_no_error(text: str, tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text(text)
    assert Token.read(path) == (text, None)


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
