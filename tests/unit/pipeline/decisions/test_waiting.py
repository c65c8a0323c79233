"""Windows that wait for models: counted, told of once, and woken when an arm may be tried."""

import pytest

from pipeline.clock import ManualClock
from pipeline.decisions.waiting import Waiting
from pipeline.metrics import WINDOWS_WAITING
from pipeline.models.completion import ModelTimeoutError
from tests.in_memory_models import InMemoryEndpoint, pool_of


def test_they_are_counted_and_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    waiting = Waiting(pool_of({}))
    level = WINDOWS_WAITING.labels("topic_finder")._value
    caplog.set_level("INFO", "rolestream.models")
    with waiting.for_models("topic_finder", "a: no answer"):
        with waiting.for_models("topic_finder", "b: no answer"):
            assert level.get() == 2
        assert level.get() == 1
    assert level.get() == 0
    assert [record.getMessage() for record in caplog.records] == [
        "topic_finder waits, every model is away: a: no answer",
        "topic_finder waits no more",
    ]


async def test_the_arm_that_is_back_first_is_given_and_the_deadline_ends_it() -> None:
    clock = ManualClock()
    pool = pool_of({name: InMemoryEndpoint(clock, ModelTimeoutError("away")) for name in "ab"})
    for name in "ab":
        with pytest.raises(ModelTimeoutError):
            await pool.complete(name, [("user", "?")], {}, 10)
        clock.advance(1.5)
    waiting = Waiting(pool)
    assert await waiting.until_one_may_answer(("a", "b"), 1, clock.monotonic() + 60.0) == ("a",)
    pool.retire("a")
    pool.retire("b")
    assert await waiting.until_one_may_answer(("a", "b"), 1, clock.monotonic() + 60.0) == ()
    now_s = clock.monotonic()
    assert await waiting.until_one_may_answer(("a",), 1, now_s - 1.0) == ()
    assert clock.monotonic() == now_s
