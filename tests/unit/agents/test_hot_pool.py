"""What a worker makes of a change of the pool, a bad one included."""

import logging

import pytest

from agents.hot_pool import HotPool
from pipeline.clock import ManualClock
from pipeline.config import KafkaSettings, ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.declared import DeclaredModels
from pipeline.models.endpoint import Completes
from pipeline.models.pool import ModelPool
from schemas.codec import encode
from tests.in_memory_models import InMemoryEndpoint, arm
from tests.unit.pipeline.models.test_declared import change


class Worker:
    """A pool that follows changes; arms whose name says so have no key here."""

    def __init__(self) -> None:
        self.connected: list[str] = []
        configured = [arm("a", 1.0)]
        self.pool = ModelPool((m, self._connect(m)) for m in configured)
        self.declared = DeclaredModels(configured)
        kafka = KafkaSettings(bootstrap_servers="127.0.0.1:1")
        self.hot = HotPool(kafka, self.declared, self.pool, self._connect)

    def _connect(self, settings: ModelSettings) -> Completes:
        if "keyless" in settings.name:
            raise ConfigurationError("the environment variable THE_KEY is not set")
        self.connected.append(settings.name)
        return InMemoryEndpoint(ManualClock(), "ok")

    def hear(self, operation: str, name: str, price: float = 1.0) -> None:
        self.hot.heard(name, encode(change(operation, name, price)))

    def arms(self) -> tuple[str, ...]:
        return self.pool.names("topic_finder")


async def test_arms_come_change_and_go() -> None:
    worker = Worker()
    worker.hear("add", "b", 3.0)
    assert worker.arms() == ("a", "b")
    worker.hear("reprice", "b", 0.5)
    assert worker.arms() == ("b", "a")
    worker.hear("retire", "a")
    assert worker.arms() == ("b",)
    worker.hot.heard("a", None)
    assert worker.arms() == ("b", "a")
    worker.hot.heard("b", None)
    assert worker.arms() == ("a",)


async def test_what_is_heard_again_changes_no_client() -> None:
    worker = Worker()
    worker.hear("add", "b")
    worker.hear("add", "b")
    assert worker.connected == ["a", "b"]


async def test_an_arm_without_a_key_is_refused_in_one_line_and_known_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    worker = Worker()
    with caplog.at_level(logging.WARNING):
        worker.hear("add", "keyless")
    assert worker.arms() == ("a",)
    (record,) = caplog.records
    assert "keyless" in record.getMessage()
    assert "THE_KEY" in record.getMessage()
    assert "keyless" in {model.name for model in worker.declared.live()}
    worker.hear("add", "b")
    assert worker.arms() == ("a", "b")


@pytest.mark.parametrize("value", [b"", b"{}", b"\xff", encode(change("add", "other"))])
async def test_a_message_that_is_no_change_of_its_key_is_ignored(value: bytes) -> None:
    worker = Worker()
    worker.hot.heard("b", value)
    assert worker.arms() == ("a",)
    assert worker.declared.version == 0


async def test_batch_sizes_come_change_and_go_with_their_model() -> None:
    worker = Worker()

    def locators() -> tuple[str, ...]:
        return worker.pool.names("topic_locator")

    worker.hot.heard("b", encode(change("add", "b", 3.0, batch_subjects=(0, 4, 1))))
    assert locators() == ("a", "b", "b@1", "b@4")
    assert worker.connected == ["a", "b"]
    worker.hot.heard("b", encode(change("reprice", "b", 0.5, batch_subjects=(0, 1))))
    assert locators() == ("b", "b@1", "a")
    worker.hear("retire", "b")
    assert locators() == ("a",)
