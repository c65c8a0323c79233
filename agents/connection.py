"""Settings of the asynchronous Kafka clients, derived from the one `[kafka]` table."""

import ssl
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from pipeline.config import KafkaSettings


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
    if kafka.security_protocol in ("SSL", "SASL_SSL"):
        settings["ssl_context"] = _ssl_context(kafka)
    if kafka.security_protocol.startswith("SASL"):
        settings |= {
            "sasl_mechanism": kafka.sasl_mechanism or "PLAIN",
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password(),
        }
    return settings


def faust_credentials(kafka: KafkaSettings) -> Any:
    """What Faust takes as `broker_credentials`; None without TLS and SASL."""
    if kafka.security_protocol == "PLAINTEXT":
        return None
    context = _ssl_context(kafka) if kafka.security_protocol.endswith("SSL") else None
    if not kafka.security_protocol.startswith("SASL"):
        return faust.SSLCredentials(context)
    return faust.SASLCredentials(
        username=kafka.sasl_username,
        password=kafka.sasl_password(),
        ssl_context=context,
        mechanism=kafka.sasl_mechanism or "PLAIN",
    )


def _ssl_context(kafka: KafkaSettings) -> ssl.SSLContext:
    return ssl.create_default_context(
        cafile=str(kafka.ssl_ca_file) if kafka.ssl_ca_file is not None else None
    )
