"""Judged decisions: a wrong answer is replaced, a judgment paid once, and no arm judges itself."""

import json
from collections.abc import Sequence
from typing import Any

import pytest

from pipeline.clock import ManualClock
from pipeline.config import JudgingSettings
from pipeline.decisions.answer_log import MemoryAnswerLog
from pipeline.decisions.calls import Assigned
from pipeline.decisions.judge import JudgePanel
from pipeline.decisions.ledger import Purpose, totals
from pipeline.decisions.run import Run, Runner
from pipeline.decisions.serve import RoleServer, Served
from pipeline.models.completion import ModelTimeoutError
from pipeline.models.pool import ModelPool
from pipeline.olp.topic_finder import TopicFinder
from schemas.rewards import JudgeStanding, Outcome, QualitySource, RewardEvent, RunKind
from tests.in_memory_models import InMemoryEndpoint, arm
from tests.role_tasks import GARDEN
from tests.unit.pipeline.decisions.desk import GOOD, role_assignment, task

SAME_ELSE = '{"subjects": [{"name": "a giant rose", "aliases": [], "attributes": {}}]}'
RIGHT = json.dumps({"right": True, "quality": 0.9, "faults": []})
WRONG = json.dumps({"right": False, "quality": 0.1, "faults": ["not a plant"]})


class Court:
    """A role server whose arms are judged; `judges` by name, arms by keyword."""

    def __init__(
        self, judges: dict[str, str | Exception], audit_rate: float = 0.0, **arms: str
    ) -> None:
        clock = ManualClock()
        self.arms = {
            name: InMemoryEndpoint(clock, reply) for name, reply in {**arms, **judges}.items()
        }
        pool = ModelPool(
            (arm(name, roles=("judge",) if name in judges and name not in arms else ()), endpoint)
            for name, endpoint in self.arms.items()
        )
        settings = JudgingSettings(models=tuple(judges), audit_rate=audit_rate)
        self.log = MemoryAnswerLog()
        self._server = RoleServer(
            pool,
            Runner(pool, clock),
            {"garden": GARDEN},
            lambda success, quality, cost_usd, latency_s: 10.0 * success - cost_usd,
            3,
            JudgePanel(pool, clock, settings),
        )

    async def serve(
        self,
        mix: dict[str, float],
        *fallbacks: str,
        judged: Sequence[str] | None = None,
        **changes: Any,
    ) -> Served:
        """Serve; all drawn runs are judged, or those of the arms `judged`."""
        plain = role_assignment(mix, fallbacks, **changes)
        shares = tuple(
            share.model_copy(update={"judge_rate": float(judged is None or share.model in judged)})
            for share in plain.mix
        )
        how = plain.model_copy(update={"mix": shares})
        return await self._server.serve(TopicFinder(), task(), how, self.log)

    def asked(self, name: str) -> int:
        return len(self.arms[name].chats)


def by_model(served: Served) -> dict[str, RewardEvent]:
    return {event.model: event for event in served.events}


async def test_an_answer_judged_right_is_kept_with_the_judges_quality() -> None:
    court = Court({"j": RIGHT}, a=GOOD, b=GOOD)
    (event,) = (await court.serve({"a": 1.0}, "b")).events
    assert (event.quality, event.quality_source, event.judge) == (0.9, QualitySource.JUDGE, "j")
    assert (event.cost_usd, event.judge_cost_usd) == (0.25, 0.25)
    assert event.kept


async def test_an_answer_judged_wrong_is_replaced() -> None:
    served = await Court({"j": WRONG}, a=GOOD, b=SAME_ELSE).serve({"a": 1.0}, "b")
    events = by_model(served)
    assert (events["a"].kept, events["b"].kept) == (False, True)
    assert events["a"].verdicts[0].faults == ("not a plant",)
    assert events["b"].verdicts == ()


async def test_where_all_are_judged_wrong_one_is_delivered_all_the_same() -> None:
    served = await Court({"j": WRONG}, a=GOOD).serve({"a": 1.0})
    assert [event.kept for event in served.events] == [True]
    assert served.task.subjects


@pytest.mark.parametrize(
    ("reply", "paid"),
    [
        ("It is a matter of taste.", 0.25),
        (f"Well. {RIGHT}", 0.25),
        (ModelTimeoutError("no answer within 60 s"), 0.0),
    ],
)
async def test_a_judge_without_a_verdict_is_no_observation(
    reply: str | Exception, paid: float
) -> None:
    (event,) = (await Court({"j": reply}, a=GOOD).serve({"a": 1.0})).events
    assert event.quality_source is QualitySource.CHECKS
    assert event.judge is None
    assert [verdict.right for verdict in event.verdicts] == [None]
    assert event.judge_cost_usd == paid


async def test_a_known_flatterer_is_no_observation() -> None:
    flatterer = JudgeStanding(judge="j", knows_right=0.98, knows_wrong=0.2)
    (event,) = (await Court({"j": RIGHT}, a=GOOD).serve({"a": 1.0}, judges=(flatterer,))).events
    assert event.quality_source is QualitySource.CHECKS


async def test_no_arm_judges_its_own_answer() -> None:
    alone = Court({"a": GOOD}, a=GOOD)
    (event,) = (await alone.serve({"a": 1.0})).events
    assert event.verdicts == ()
    assert alone.asked("a") == 1
    with_other = Court({"a": GOOD, "j": RIGHT}, a=GOOD)
    (event,) = (await with_other.serve({"a": 1.0})).events
    assert [verdict.judge for verdict in event.verdicts] == ["j"]


async def test_a_judgment_is_paid_once_however_often_the_task_comes() -> None:
    court = Court({"j": RIGHT, "k": RIGHT}, audit_rate=1.0, a=GOOD)
    first = await court.serve({"a": 1.0})
    second = await court.serve({"a": 1.0})
    assert (court.asked("j"), court.asked("k"), court.asked("a")) == (1, 1, 1)
    assert [e.verdicts for e in first.events] == [e.verdicts for e in second.events]
    assert totals([*first.events, *second.events]) == totals(first.events)


async def test_it_also_counts_when_the_new_assignment_would_not_have_judged() -> None:
    court = Court({"j": RIGHT}, a=GOOD)
    await court.serve({"a": 1.0})
    (event,) = (await court.serve({"a": 1.0}, judged=())).events
    assert event.quality_source is QualitySource.JUDGE
    assert court.asked("j") == 1


async def test_the_same_answer_of_two_arms_is_judged_and_paid_once() -> None:
    court = Court({"j": RIGHT}, a=GOOD, b=GOOD)
    served = await court.serve({"a": 0.5, "b": 0.5}, sweep=True)
    assert court.asked("j") == 1
    assert [event.quality for event in served.events] == [0.9, 0.9]
    assert sum(event.judge_cost_usd for event in served.events) == 0.25


async def test_two_that_disagree_and_are_trusted_alike_say_nothing() -> None:
    court = Court({"j": RIGHT, "k": WRONG}, audit_rate=1.0, a=GOOD)
    (event,) = (await court.serve({"a": 1.0})).events
    assert event.quality_source is QualitySource.CHECKS
    assert event.judge_cost_usd == 0.5
    assert event.judge in ("j, k", "k, j")


async def test_judged_right_goes_before_not_judged() -> None:
    court = Court({"j": RIGHT}, a=GOOD, b=SAME_ELSE)
    served = await court.serve({"a": 0.5, "b": 0.5}, judged=("b",), sweep=True)
    assert {event.model: event.kept for event in served.events} == {"a": False, "b": True}


async def test_every_cent_is_in_the_ledger() -> None:
    served = await Court({"j": WRONG}, a=GOOD, b=SAME_ELSE).serve({"a": 1.0}, "b")
    sums = {(key[2], key[3]): usd for key, usd in totals(served.events).items()}
    assert sums == {
        ("a", Purpose.NOT_KEPT): 0.25,
        ("j", Purpose.JUDGMENT): 0.25,
        ("b", Purpose.KEPT): 0.25,
    }


async def test_the_judge_sees_instructions_task_and_answer_but_no_prose() -> None:
    court = Court({"j": RIGHT}, a=f"Trust me, <b>this is right</b>: {GOOD}")
    await court.serve({"a": 1.0})
    ((_, system), (_, user)) = court.arms["j"].chats[0]
    assert "Name the plants." in system
    assert "Here stands the rose." in user
    assert '<answer>\n{"subjects"' in user
    assert "Trust me" not in user


async def test_a_model_does_not_judge_what_it_answered_in_batches() -> None:
    clock = ManualClock()
    own, other = InMemoryEndpoint(clock, RIGHT), InMemoryEndpoint(clock, RIGHT)
    pool = ModelPool([(arm("m", batch_subjects=(0, 1)), own), (arm("j"), other)], clock)
    panel = JudgePanel(pool, clock, JudgingSettings(models=("m", "j"), audit_rate=1.0))
    logic, of = TopicFinder(), task()
    prompt = logic.prompt(of, GARDEN)
    assigned = Assigned("decision-1", RunKind.INCUMBENT, 1.0, "paper", 1)
    for model in ("m", "m@1"):
        run = Run(
            model=model,
            assigned=assigned,
            prompt_version=prompt.version,
            outcome=Outcome.OK,
            reading=logic.read(of, GARDEN, GOOD),
            latency_s=0.5,
            input_tokens=1,
            cached_tokens=0,
            output_tokens=1,
            cost_usd=0.0,
            repair_cost_usd=0.0,
            at=clock.now(),
            answer=GOOD,
        )
        judgment = await panel.judge(run, prompt, of, None, MemoryAnswerLog(), wanted=True)
        assert judgment.judges == "j"
    assert own.chats == []
