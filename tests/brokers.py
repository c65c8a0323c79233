"""How the tests get a Kafka broker: the first of four ways that works on this machine.

KAFKA_BOOTSTRAP_SERVERS; a container, when a Docker engine answers; Apache Kafka's jars, with Java
and Maven; the embedded broker. ROLESTREAM_REQUIRE_APACHE_KAFKA=1 refuses whatever is not Apache.
"""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, ResourceType

from deploy.brokers.apache import ApacheKafka
from deploy.brokers.embedded import EmbeddedBroker
from deploy.brokers.kafka_jars import KAFKA_VERSION, default_cache_dir, java_program
from deploy.brokers.process import LOCALHOST, free_ports
from pipeline.errors import ConfigurationError

REQUIRE_APACHE = "ROLESTREAM_REQUIRE_APACHE_KAFKA"
BOOTSTRAP_SERVERS = "KAFKA_BOOTSTRAP_SERVERS"
ADMIN_TIMEOUT_S = 10.0


class BrokerKind(StrEnum):
    """Where the broker of a test session comes from."""

    GIVEN = "given"
    CONTAINER = "container"
    JARS = "jars"
    EMBEDDED = "embedded"


@dataclass(frozen=True)
class BrokerChoice:
    """The broker this test session uses, and the line that tells so."""

    kind: BrokerKind
    line: str
    bootstrap_servers: str = ""


def choose_broker(environment: Mapping[str, str] = os.environ) -> BrokerChoice:
    """Choose the session's broker without starting it.

    Raises ConfigurationError when Apache Kafka is required and would not be used.
    """
    required = environment.get(REQUIRE_APACHE) == "1"
    given = environment.get(BOOTSTRAP_SERVERS)
    if given:
        if required and not is_apache_kafka(given):
            raise ConfigurationError(
                f"{REQUIRE_APACHE}=1, but {BOOTSTRAP_SERVERS}={given} does not answer as Apache "
                "Kafka: name an Apache Kafka broker or unset it"
            )
        return BrokerChoice(BrokerKind.GIVEN, f"{given} ({BOOTSTRAP_SERVERS})", given)
    missing = why_no_container()
    if not missing:
        return BrokerChoice(BrokerKind.CONTAINER, f"Apache Kafka {KAFKA_VERSION} in a container")
    no_jars = why_no_jars()
    if not no_jars:
        line = f"Apache Kafka {KAFKA_VERSION} from its jars ({missing})"
        return BrokerChoice(BrokerKind.JARS, line)
    if required:
        raise ConfigurationError(
            f"{REQUIRE_APACHE}=1, but there is no Apache Kafka: {missing}; {no_jars}"
        )
    line = f"the embedded broker, not Apache Kafka ({missing}; {no_jars})"
    return BrokerChoice(BrokerKind.EMBEDDED, line)


@contextmanager
def running_broker(choice: BrokerChoice) -> Iterator[str]:
    """Start the chosen broker, yield its bootstrap servers, and stop what was started."""
    match choice.kind:
        case BrokerKind.GIVEN:
            yield choice.bootstrap_servers
        case BrokerKind.CONTAINER:
            with _container() as address:
                yield address
        case BrokerKind.JARS:
            with ApacheKafka() as cluster:
                yield cluster.bootstrap_servers
        case BrokerKind.EMBEDDED:
            with EmbeddedBroker() as broker:
                yield broker.bootstrap_servers


def is_apache_kafka(bootstrap_servers: str) -> bool:
    """Tell whether the broker shows a setting that only Apache Kafka's own server has."""
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    try:
        nodes = admin.list_topics(timeout=ADMIN_TIMEOUT_S).brokers
        broker = ConfigResource(ResourceType.BROKER, str(next(iter(nodes))))
        [answer] = admin.describe_configs([broker], request_timeout=ADMIN_TIMEOUT_S).values()
        settings = answer.result(timeout=ADMIN_TIMEOUT_S)
    except (KafkaException, StopIteration):
        return False
    return "controller.quorum.voters" in settings or "zookeeper.connect" in settings


def why_no_container() -> str:
    """Return why no container can be started, or an empty string."""
    try:
        import docker
        import testcontainers.core.container  # noqa: F401
    except ImportError:
        return "testcontainers is not installed"
    try:
        client = docker.from_env(timeout=5)
        client.ping()
    except docker.errors.DockerException:
        return "no Docker engine"
    client.close()
    return ""


def why_no_jars() -> str:
    """Return why Apache Kafka's jars cannot be run, or an empty string."""
    try:
        java_program()
    except ConfigurationError as error:
        return str(error)
    cached = (default_cache_dir() / f"kafka_2.13-{KAFKA_VERSION}.jar").exists()
    return "" if cached or shutil.which("mvn") else "no mvn program in PATH"


@contextmanager
def _container() -> Iterator[str]:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.waiting_utils import wait_for_logs

    # Clients are sent to the advertised port, so it must be the same inside and outside.
    [port] = free_ports(1)
    container = DockerContainer(f"apache/kafka:{KAFKA_VERSION}").with_bind_ports(port, port)
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"PLAINTEXT://:{port},CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://{LOCALHOST}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_HEAP_OPTS": "-Xmx512m",
    }
    for name, value in settings.items():
        container = container.with_env(name, value)
    with container:
        wait_for_logs(container, "Kafka Server started", timeout=120)
        yield f"{LOCALHOST}:{port}"
