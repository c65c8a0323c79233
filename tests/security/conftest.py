"""One secured broker a session, and the people who come to it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers import why_no_jars
from tests.security.people import DOMAINS, People
from tests.security.secure_kafka import SecureKafka


@pytest.fixture(scope="session")
def secure_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecureKafka]:
    """A running secured broker with its Kafka topics and access rules."""
    if missing := why_no_jars():
        pytest.skip(f"Apache Kafka cannot be run here: {missing}")
    kafka = SecureKafka(tmp_path_factory.mktemp("secure"))
    try:
        kafka.start(DOMAINS)
        yield kafka
    finally:
        kafka.stop()


@pytest.fixture
def people(secure_kafka: SecureKafka, tmp_path: Path) -> Iterator[People]:
    """Everybody's processes end with the test."""
    everybody = People(secure_kafka, tmp_path)
    yield everybody
    everybody.stop()
