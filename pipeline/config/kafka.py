"""Where the Kafka cluster is and how to log in; secrets come from the environment or files."""

import os
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipeline.config.token import Token
from pipeline.errors import ConfigurationError

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"]


class Section(BaseModel):
    """A table of the configuration file; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class KafkaSettings(Section):
    """The `[kafka]` table.

    `kafka_topic_prefix` stands before all Kafka topic names, so that several deployments can share
    a cluster; `group_prefix` before all consumer groups.

    `sasl_password_env` names an environment variable, `sasl_password_file` a file; the password
    itself is never part of the configuration. For OAUTHBEARER `sasl_token_file` holds the token,
    which something else renews: it is read at every login. `ssl_cert_file` and `ssl_key_file` are
    for brokers that ask clients for a certificate.
    """

    bootstrap_servers: str = Field(min_length=1)
    partitions: int = Field(default=4, ge=1, le=1000)
    replication_factor: int = Field(default=1, ge=1)
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Mechanism | None = None
    sasl_username: str | None = None
    sasl_password_env: str | None = None
    sasl_password_file: Path | None = None
    sasl_token_file: Path | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    session_timeout_s: float = Field(default=6.0, gt=0)
    heartbeat_interval_s: float = Field(default=2.0, gt=0)
    group_prefix: str = "rolestream"
    kafka_topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", max_length=60)

    @model_validator(mode="after")
    def _nothing_is_left_unused(self) -> Self:
        given = {name for name in self.model_fields_set if getattr(self, name) is not None}
        if not self.uses_sasl and (unused := sorted(n for n in given if n.startswith("sasl_"))):
            raise ValueError(
                f"{unused[0]} is set, but security_protocol {self.security_protocol} logs nobody "
                "in; set it to SASL_SSL"
            )
        if not self.uses_tls and (unused := sorted(n for n in given if n.startswith("ssl_"))):
            raise ValueError(
                f"{unused[0]} is set, but security_protocol {self.security_protocol} does not "
                "encrypt; set it to SSL or SASL_SSL"
            )
        if (self.ssl_key_file is None) != (self.ssl_cert_file is None):
            raise ValueError("ssl_cert_file and ssl_key_file go together; set both")
        return self

    @property
    def uses_tls(self) -> bool:
        """Whether connections are encrypted."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def uses_sasl(self) -> bool:
        """Whether clients log in."""
        return self.security_protocol.startswith("SASL")

    @property
    def mechanism(self) -> Mechanism:
        """How clients log in, where they do."""
        return self.sasl_mechanism or "PLAIN"

    @property
    def user(self) -> str:
        """As whom clients log in, for people to read."""
        if self.uses_sasl and self.mechanism == "OAUTHBEARER":
            return "the token's subject"
        if self.uses_sasl:
            return repr(self.sasl_username or "")
        return "the certificate's subject" if self.ssl_cert_file is not None else "anonymous"

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

    def sasl_token(self) -> Token:
        """The OAUTHBEARER token, read now.

        Raises ConfigurationError when it is not there or has ended.
        """
        if self.sasl_token_file is None:
            raise ConfigurationError("kafka: OAUTHBEARER needs sasl_token_file; set it")
        token = Token.read(self.sasl_token_file)
        token.require_valid(self.sasl_token_file)
        return token

    def tls_files(self) -> dict[str, Path]:
        """The files that TLS needs, by setting. Raises ConfigurationError if one cannot be read."""
        files = {
            name: path
            for name in ("ssl_ca_file", "ssl_cert_file", "ssl_key_file")
            if (path := getattr(self, name)) is not None
        }
        for name, path in files.items():
            try:
                path.open("rb").close()
            except OSError as error:
                raise ConfigurationError(
                    f"kafka.{name}: cannot read {path}: {error.strerror}"
                ) from None
        return files

    def client_settings(self) -> dict[str, Any]:
        """Settings for a confluent-kafka client: servers, protocol, credentials.

        Raises ConfigurationError when a password, a token or a file is not where it should be.
        """
        settings: dict[str, Any] = {
            "bootstrap.servers": self.bootstrap_servers,
            "security.protocol": self.security_protocol,
        }
        options = {
            "ssl_ca_file": "ssl.ca.location",
            "ssl_cert_file": "ssl.certificate.location",
            "ssl_key_file": "ssl.key.location",
        }
        settings |= {options[name]: str(path) for name, path in self.tls_files().items()}
        if not self.uses_sasl:
            return settings
        settings["sasl.mechanism"] = self.mechanism
        if self.mechanism == "OAUTHBEARER":
            # Read once now, so that a fault is told before anything connects.
            self.sasl_token()
            settings["oauth_cb"] = lambda _: self.sasl_token().with_expiry()
        else:
            settings["sasl.username"] = self.sasl_username or ""
            settings["sasl.password"] = self.sasl_password()
        return settings
