"""The answer log in memory finds what was appended, and tells arms from judges."""

from pipeline.decisions.answer_log import MemoryAnswerLog
from schemas.answers import JUDGMENT, LoggedAnswer, place_of
from schemas.rewards import RunKind
from schemas.roles import Role
from tests.role_tasks import AT


def answer(model: str, prompt_version: str = "v1", **changes: object) -> LoggedAnswer:
    fields: dict[str, object] = {
        "window_id": "w1",
        "domain": "garden",
        "stream_id": "a|b|c",
        "role": Role.TOPIC_FINDER,
        "model": model,
        "prompt_version": prompt_version,
        "input_digest": "digest",
        "decision_id": "d",
        "kind": RunKind.INCUMBENT,
        "propensity": 1.0,
        "policy": "paper",
        "assignment_version": 1,
        "text": "{}",
        "input_tokens": 1,
        "cached_tokens": 0,
        "output_tokens": 1,
        "tokens_counted_by": "usage",
        "latency_s": 0.1,
        "cost_usd": 0.0,
        "at": AT,
    }
    return LoggedAnswer.model_validate({**fields, **changes})


async def test_an_answer_is_found_by_its_key_alone() -> None:
    log = MemoryAnswerLog()
    first, other = answer("m"), answer("m", input_digest="another")
    await log.append(first)
    assert log.find(first.key) == first
    assert log.find(other.key) is None


async def test_arms_are_listed_once_in_the_order_they_answered() -> None:
    log = MemoryAnswerLog()
    for item in (
        answer("b"),
        answer("a"),
        answer("b", input_digest="repair"),
        answer("c", window_id="w2"),
        answer("d", role=Role.TOPIC_LOCATOR),
    ):
        await log.append(item)
    assert log.models("w1", Role.TOPIC_FINDER) == ("b", "a")


async def test_judges_are_no_arms() -> None:
    log = MemoryAnswerLog()
    await log.append(answer("arm"))
    await log.append(answer("judge", f"{JUDGMENT}v1"))
    await log.append(answer("other-judge", f"{JUDGMENT}v1", input_digest="another answer"))
    assert log.models("w1", Role.TOPIC_FINDER) == ("arm",)
    assert log.judges("w1", Role.TOPIC_FINDER, "digest") == ("judge",)


def test_a_key_can_be_taken_apart_whatever_the_stream_is_called() -> None:
    place = place_of(answer("m").key)
    assert tuple(place) == ("w1", "topic_finder", "m", "v1", "digest")
