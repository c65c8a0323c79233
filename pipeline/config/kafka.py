"""Where the Kafka cluster is and how to log in; secrets come from the environment or files."""

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.errors import ConfigurationError


class Section(BaseModel):
    """A table of the configuration file; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """The `[kafka]` table.

    `kafka_topic_prefix` stands before all Kafka topic names, so that several deployments can share
    a cluster; `group_prefix` before all consumer groups.

    `sasl_password_env` names an environment variable, `sasl_password_file` a file; the password
    itself is never part of the configuration.
    """

    bootstrap_servers: str = Field(min_length=1)
    partitions: int = Field(default=4, ge=1, le=1000)
    replication_factor: int = Field(default=1, ge=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] | None = None
    sasl_username: str | None = None
    sasl_password_env: str | None = None
    sasl_password_file: Path | None = None
    ssl_ca_file: Path | None = None
    session_timeout_s: float = Field(default=10.0, gt=0)
    heartbeat_interval_s: float = Field(default=2.0, gt=0)
    group_prefix: str = "rolestream"
    kafka_topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=60)

    def named(self, kafka_topic: str) -> str:
        """The name on the cluster of a Kafka topic of the catalogue."""
        return self.kafka_topic_prefix + kafka_topic

    def sasl_password(self) -> str:
        """The password, read now. Raises ConfigurationError when it is not where it should be."""
        if self.sasl_password_file is not None:
            try:
                return self.sasl_password_file.read_text(encoding="utf-8").strip()
            except OSError as error:
                raise ConfigurationError(
                    f"kafka.sasl_password_file: cannot read {self.sasl_password_file}: "
                    f"{error.strerror}"
                ) from None
        if self.sasl_password_env is None:
            raise ConfigurationError(
                "kafka: SASL needs sasl_password_env or sasl_password_file; set one of them"
            )
        password = os.environ.get(self.sasl_password_env)
        if password is None:
            raise ConfigurationError(
                f"kafka.sasl_password_env: the environment variable {self.sasl_password_env} "
                "is not set"
            )
        return password

    def client_settings(self) -> dict[str, str]:
        """Settings for a confluent-kafka client: servers, protocol, credentials."""
        settings = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
        }
        if self.ssl_ca_file is not None:
            settings["ssl.ca.location"] = str(self.ssl_ca_file)
        if self.security_protocol.startswith("SASL"):
            settings["sasl.mechanism"] = self.sasl_mechanism or "PLAIN"
            settings["sasl.username"] = self.sasl_username or ""
            settings["sasl.password"] = self.sasl_password()
        return settings
