"""Settings of the asynchronous Kafka clients, derived from the one `[kafka]` table."""

import ssl
from typing import Any

import faust
from aiokafka import AIOKafkaConsumer

from pipeline.config import KafkaSettings


def bootstrap(kafka: KafkaSettings) -> list[str]:
    """The brokers to ask first."""
    return [server.strip() for server in kafka.bootstrap_servers.split(",") if server.strip()]


def plain_consumer(kafka: KafkaSettings, **settings: Any) -> AIOKafkaConsumer:
    """A consumer outside any consumer group: it reads what it is told to and commits nothing."""
    if kafka.security_protocol in ("SSL", "SASL_SSL"):
        settings["ssl_context"] = _ssl_context(kafka)
    if kafka.security_protocol.startswith("SASL"):
        settings |= {
            "sasl_mechanism": kafka.sasl_mechanism or "PLAIN",
            "sasl_plain_username": kafka.sasl_username,
            "sasl_plain_password": kafka.sasl_password(),
        }
    return AIOKafkaConsumer(
        bootstrap_servers=bootstrap(kafka),
        security_protocol=kafka.security_protocol,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        **settings,
    )


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
