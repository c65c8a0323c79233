"""Settings of the asynchronous Kafka clients, derived from the one `[kafka]` table."""

import ssl
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.abc import AbstractTokenProvider
from aiokafka.admin import AIOKafkaAdminClient
from faust.auth import OAuthCredentials

from pipeline.config import KafkaSettings
from pipeline.errors import ConfigurationError


def bootstrap(kafka: KafkaSettings) -> list[str]:
    """The brokers to ask first."""
    return [server.strip() for server in kafka.bootstrap_servers.split(",") if server.strip()]


def plain_consumer(kafka: KafkaSettings, **settings: Any) -> AIOKafkaConsumer:
    """A consumer outside any consumer group: it reads what it is told to and commits nothing."""
    return AIOKafkaConsumer(
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **_login(kafka),
        **settings,
    )


def plain_producer(kafka: KafkaSettings) -> AIOKafkaProducer:
    """A producer outside any Faust app; what it sends is acknowledged by all replicas."""
    return AIOKafkaProducer(acks="all", **_login(kafka))


def plain_admin(kafka: KafkaSettings) -> AIOKafkaAdminClient:
    """A client that asks about consumer groups."""
    return AIOKafkaAdminClient(**_login(kafka))


def _login(kafka: KafkaSettings) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "bootstrap_servers": bootstrap(kafka),
        "security_protocol": kafka.security_protocol,
    }
    if kafka.uses_tls:
        settings["ssl_context"] = _ssl_context(kafka)
    if kafka.uses_sasl:
        settings["sasl_mechanism"] = kafka.mechanism
        if kafka.mechanism == "OAUTHBEARER":
            settings["sasl_oauth_token_provider"] = _TokenFile(kafka)
        else:
            settings["sasl_plain_username"] = kafka.sasl_username
            settings["sasl_plain_password"] = kafka.sasl_password()
    return settings


def faust_credentials(kafka: KafkaSettings) -> Any:
    """What Faust takes as `broker_credentials`; None without TLS and SASL."""
    if kafka.security_protocol == "PLAINTEXT":
        return None
    context = _ssl_context(kafka) if kafka.uses_tls else None
    if not kafka.uses_sasl:
        return faust.SSLCredentials(context)
    if kafka.mechanism == "OAUTHBEARER":
        return OAuthCredentials(oauth_cb=_TokenFile(kafka), ssl_context=context)
    return faust.SASLCredentials(
        username=kafka.sasl_username,
        password=kafka.sasl_password(),
        ssl_context=context,
        mechanism=kafka.mechanism,
    )


class _TokenFile(AbstractTokenProvider):  # type: ignore[misc]  # untyped
    """Reads the token anew for every login."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka

    async def token(self) -> str:
        """The token there is now."""
        return self._kafka.sasl_token().text


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    files = kafka.tls_files()
    authority = files.get("ssl_ca_file")
    try:
        context = ssl.create_default_context(cafile=str(authority) if authority else None)
        if (certificate := files.get("ssl_cert_file")) is not None:
            context.load_cert_chain(certificate, files["ssl_key_file"])
    except ssl.SSLError as error:
        named = ", ".join(f"kafka.{name} ({path})" for name, path in files.items())
        raise ConfigurationError(
            f"{named}: no certificate or key in PEM format: {error.reason}"
        ) from None
    return context
