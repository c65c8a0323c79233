"""Apache Kafka with TLS, three ways to log in, client certificates, and access rules."""

import base64
import json
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

from confluent_kafka.admin import AdminClient

from agents.kafka_topics import create_kafka_topics
from deploy.brokers.apache import ApacheKafka
from deploy.brokers.process import free_ports
from deploy.compose.access import access_rules
from deploy.compose.grant_access import binding
from pipeline.config import KafkaSettings
from tests.security.authority import Authority

PRINCIPALS = (
    *("admin", "splitter", "role-worker", "policy", "producer", "consumer", "observer"),
    *("operator", "stranger"),
)
PREFIX = "sec."
PARTITIONS = 2


class SecureKafka:
    """One broker: `secure` speaks SASL over TLS, `mutual` asks for a client certificate."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.authority = Authority(folder / "authority")
        self.passwords = {name: secrets.token_hex(12) for name in PRINCIPALS}
        certificate, key = self.authority.issue("broker")
        keystore = folder / "broker.pem"
        keystore.write_text(key.read_text() + certificate.read_text())
        inside, mutual = free_ports(2)
        self.mutual = f"127.0.0.1:{mutual}"
        self._cluster = ApacheKafka(
            data_dir=folder / "data",
            scram_users=self.passwords,
            overrides=_overrides(
                inside, mutual, keystore, self.authority.certificate, self.passwords
            ),
        )
        self.secure = self._cluster.bootstrap_servers
        self.inside = f"127.0.0.1:{inside}"

    def start(self, domains: Iterable[str]) -> None:
        """Start, create the Kafka topics and grant everybody what the access rules say."""
        domains = tuple(domains)
        self._cluster.start()
        # The broker's own listener, which only this machine reaches, is the super user's.
        own = KafkaSettings(
            bootstrap_servers=self.inside,
            partitions=PARTITIONS,
            kafka_topic_prefix=PREFIX,
            group_prefix="sec",
        )
        create_kafka_topics(own, domains)
        self.admin = AdminClient(own.client_settings())
        rules = dict.fromkeys(binding(grant) for grant in access_rules(own, domains))
        for future in self.admin.create_acls(list(rules)).values():
            future.result()

    def stop(self) -> None:
        """Stop the broker."""
        self._cluster.stop()

    def table(self, user: str, mechanism: str = "SCRAM-SHA-512", **changes: object) -> str:
        """The `[kafka]` table with which `user` logs in."""
        settings: dict[str, object] = {
            "bootstrap_servers": self.secure,
            "partitions": PARTITIONS,
            "kafka_topic_prefix": PREFIX,
            "group_prefix": "sec",
            "session_timeout_s": 6.0,
            "heartbeat_interval_s": 1.0,
            "security_protocol": "SASL_SSL",
            "sasl_mechanism": mechanism,
            "ssl_ca_file": str(self.authority.certificate),
        }
        if mechanism == "OAUTHBEARER":
            settings["sasl_token_file"] = str(self.token_file(user))
        else:
            settings["sasl_username"] = user
            settings["sasl_password_file"] = str(self.password_file(user))
        return "[kafka]\n" + _toml(settings | changes)

    def mutual_table(self, user: str) -> str:
        """The `[kafka]` table with which `user` shows a certificate."""
        certificate, key = self.authority.issue(user)
        settings: dict[str, object] = {
            "bootstrap_servers": self.mutual,
            "partitions": PARTITIONS,
            "kafka_topic_prefix": PREFIX,
            "group_prefix": "sec",
            "security_protocol": "SSL",
            "ssl_ca_file": str(self.authority.certificate),
            "ssl_cert_file": str(certificate),
            "ssl_key_file": str(key),
        }
        return "[kafka]\n" + _toml(settings)

    def password_file(self, user: str, password: str | None = None) -> Path:
        """A file with the user's password, or another one."""
        path = self.folder / f"{user}-{'right' if password is None else 'wrong'}.password"
        path.write_text(password or self.passwords[user])
        return path

    def token_file(self, user: str, lifetime_s: float = 3600.0) -> Path:
        """A file with an unsigned token, which the broker's default validator takes."""
        claims = {"sub": user, "iat": int(time.time()), "exp": int(time.time() + lifetime_s)}
        path = self.folder / f"{user}.token"
        path.write_text(f"{_part({'alg': 'none'})}.{_part(claims)}.\n")
        return path


def _overrides(
    inside: int, mutual: int, keystore: Path, authority: Path, passwords: dict[str, str]
) -> dict[str, str]:
    security = "org.apache.kafka.common.security"
    users = " ".join(f'user_{name}="{word}"' for name, word in passwords.items())
    listeners = f"SECURE://127.0.0.1:{{port}},MUTUAL://127.0.0.1:{mutual}"
    listeners += f",INSIDE://127.0.0.1:{inside}"
    sasl = "listener.name.secure"
    return {
        "listeners": f"{listeners},CONTROLLER://127.0.0.1:{{controller_port}}",
        "advertised.listeners": listeners,
        "listener.security.protocol.map": (
            "SECURE:SASL_SSL,MUTUAL:SSL,INSIDE:PLAINTEXT,CONTROLLER:PLAINTEXT"
        ),
        "inter.broker.listener.name": "INSIDE",
        "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-512,OAUTHBEARER",
        f"{sasl}.plain.sasl.jaas.config": f"{security}.plain.PlainLoginModule required {users};",
        f"{sasl}.scram-sha-512.sasl.jaas.config": f"{security}.scram.ScramLoginModule required;",
        f"{sasl}.oauthbearer.sasl.jaas.config": (
            f"{security}.oauthbearer.OAuthBearerLoginModule required "
            'unsecuredLoginStringClaim_sub="broker";'
        ),
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(keystore),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(authority),
        "listener.name.mutual.ssl.client.auth": "required",
        "ssl.principal.mapping.rules": "RULE:^CN=([^,]+).*$/$1/",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin;User:ANONYMOUS",
        "allow.everyone.if.no.acl.found": "false",
    }


def _toml(settings: dict[str, object]) -> str:
    return "".join(f"{name} = {json.dumps(value)}\n" for name, value in settings.items())


def _part(claims: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
