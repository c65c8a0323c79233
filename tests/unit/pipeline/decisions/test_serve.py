"""A served role: which arms run, in which order, and whose answer is kept."""

from collections import Counter

import pytest

from pipeline.decisions.serve import NoAcceptableAnswerError
from pipeline.olp.topic_locator import TopicLocator
from schemas.rewards import RunKind
from schemas.roles import Role
from tests.role_tasks import role_task
from tests.unit.pipeline.decisions.desk import (
    AWAY,
    BAD,
    GOOD,
    POOR,
    Desk,
    ran,
    role_assignment,
    task,
)


class TestDraw:
    async def test_the_same_decision_draws_the_same_arm(self) -> None:
        how = role_assignment({"a": 0.5, "b": 0.5})
        for number in range(10):
            first, second = Desk(a=GOOD, b=GOOD), Desk(a=GOOD, b=GOOD)
            await first.serve(task(number), how)
            await second.serve(task(number), how)
            assert first.calls() == second.calls()

    async def test_another_attempt_is_another_decision(self) -> None:
        how = role_assignment({"a": 0.5, "b": 0.5})
        drawn = [Desk(a=GOOD, b=GOOD) for _ in range(12)]
        for attempt, desk in enumerate(drawn):
            await desk.serve(task(1, attempt), how)
        assert {tuple(desk.calls()) for desk in drawn} == {("a",), ("b",)}

    async def test_arms_are_drawn_as_often_as_the_mix_says(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        kinds: Counter[tuple[str, RunKind, float]] = Counter()
        for number in range(400):
            served = await desk.serve(task(number), role_assignment({"a": 0.8, "b": 0.2}))
            (event,) = served.events
            kinds[event.model, event.kind, event.propensity] += 1
        assert set(kinds) == {
            ("a", RunKind.INCUMBENT, 0.8),
            ("b", RunKind.CHALLENGER, 0.2),
        }
        assert 280 <= kinds["a", RunKind.INCUMBENT, 0.8] <= 360

    async def test_without_a_policy_every_arm_is_drawn_and_backed_by_the_others(self) -> None:
        desk = Desk(a=BAD, b=GOOD, c=GOOD)
        models: set[str] = set()
        for number in range(30):
            served = await desk.serve(task(number))
            assert {(e.policy, e.assignment_version) for e in served.events} == {("unassigned", 0)}
            assert served.task.subjects[0].name == "rose"
            models |= {event.model for event in served.events}
        assert models == {"a", "b", "c"}

    async def test_a_challenger_beside_the_incumbent_wins_if_it_is_better(self) -> None:
        how = role_assignment({"a": 0.0, "b": 1.0}, side_by_side=True)
        served = await Desk(a=POOR, b=GOOD).serve(task(), how)
        assert ran(served.events) == [
            ("a", RunKind.INCUMBENT, False),
            ("b", RunKind.CHALLENGER, True),
        ]
        assert served.task.subjects[0].name == "rose"
        worse = await Desk(a=GOOD, b=POOR).serve(task(), how)
        assert [event.kept for event in worse.events] == [True, False]

    async def test_in_a_sweep_every_arm_runs(self) -> None:
        how = role_assignment({"a": 0.5, "b": 0.25, "c": 0.25}, sweep=True)
        desk = Desk(a=GOOD, b=BAD, c=GOOD)
        served = await desk.serve(task(), how)
        assert [event.model for event in served.events] == ["a", "b", "c"]
        assert sum(event.kept for event in served.events) == 1

    async def test_arms_that_left_the_pool_are_not_drawn(self) -> None:
        how = role_assignment({"gone": 0.9, "a": 0.1}, ["gone", "b"])
        desk = Desk(a=BAD, b=GOOD)
        served = await desk.serve(task(), how)
        assert [(e.model, e.propensity) for e in served.events] == [("a", 1.0), ("b", 1.0)]

    async def test_what_is_drawn_has_a_probability(self) -> None:
        how = role_assignment({"gone": 1.0, "a": 0.0, "b": 0.0})
        served = await Desk(a=GOOD, b=GOOD).serve(task(), how)
        (event,) = served.events
        assert event.propensity == 0.5

    async def test_a_plan_of_which_nothing_is_left_gives_way_to_its_fallbacks_then_to_any(
        self,
    ) -> None:
        backed = role_assignment({"gone": 1.0}, ["b"])
        served = await Desk(a=GOOD, b=GOOD).serve(task(), backed)
        assert [event.model for event in served.events] == ["b"]
        alone = role_assignment({"gone": 1.0})
        assert (await Desk(a=GOOD).serve(task(), alone)).events[0].model == "a"


class TestFallbacks:
    async def test_they_run_in_their_order_until_an_answer_is_acceptable(self) -> None:
        desk = Desk(a=BAD, b=AWAY, c=GOOD, d=GOOD)
        served = await desk.serve(task(), role_assignment({"a": 1.0}, ["b", "c", "d"]))
        assert ran(served.events) == [
            ("a", RunKind.INCUMBENT, False),
            ("b", RunKind.FALLBACK, False),
            ("c", RunKind.FALLBACK, True),
        ]
        assert [event.propensity for event in served.events] == [1.0, 1.0, 1.0]

    async def test_a_soft_check_alone_buys_no_further_run(self) -> None:
        desk = Desk(a=POOR, b=GOOD)
        await desk.serve(task(), role_assignment({"a": 1.0}, ["b"]))
        assert desk.calls() == {"a": 1}

    @pytest.mark.parametrize("most", [0, 1, 2])
    async def test_no_more_run_than_allowed(self, most: int) -> None:
        desk = Desk(max_fallbacks=most, a=AWAY, b=AWAY, c=AWAY, d=GOOD)
        failure = await desk.fail(task(), role_assignment({"a": 1.0}, ["b", "c", "d"]))
        assert len(failure.events) == 1 + most

    async def test_what_runs_beside_the_incumbent_is_no_fallback(self) -> None:
        how = role_assignment({"a": 0.0, "b": 1.0}, ["c"], side_by_side=True)
        served = await Desk(max_fallbacks=1, a=BAD, b=BAD, c=GOOD).serve(task(), how)
        assert [event.model for event in served.events] == ["a", "b", "c"]

    async def test_an_arm_that_ran_beside_the_incumbent_is_no_fallback_any_more(self) -> None:
        how = role_assignment({"a": 0.0, "b": 1.0}, ["a", "b", "c"], side_by_side=True)
        served = await Desk(a=BAD, b=BAD, c=GOOD).serve(task(), how)
        assert [event.model for event in served.events] == ["a", "b", "c"]
        sweep = role_assignment({"a": 0.5, "b": 0.5}, ["b", "a", "c"], sweep=True)
        served = await Desk(a=BAD, b=BAD, c=GOOD).serve(task(), sweep)
        assert [event.model for event in served.events] == ["a", "b", "c"]

    async def test_an_arm_that_was_drawn_is_not_its_own_fallback(self) -> None:
        desk = Desk(a=BAD, b=BAD)
        failure = await desk.fail(task(), role_assignment({"a": 1.0}, ["a", "b"]))
        assert [event.model for event in failure.events] == ["a", "b"]


class TestExcluded:
    async def test_an_excluded_arm_runs_neither_first_nor_later(self) -> None:
        desk = Desk(a=GOOD, b=BAD, c=GOOD)
        how = role_assignment({"a": 0.9, "b": 0.1}, ["a", "c"])
        served = await desk.serve(task(attempt=1, excluded=["a"]), how)
        assert desk.calls() == {"b": 2, "c": 1}
        assert served.events[0].context.attempt == 1

    async def test_if_all_are_excluded_there_is_no_acceptable_answer(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        failure = await desk.fail(task(excluded=["a", "b"]), role_assignment({"a": 1.0}))
        assert isinstance(failure.cause, NoAcceptableAnswerError)
        assert "excluded: a, b" in str(failure)
        assert (failure.events, desk.calls()) == ((), {})

    async def test_exclusion_is_by_role(self) -> None:
        other = task().model_copy(update={"excluded": {Role.CONTENT_ORGANIZER.value: ("a",)}})
        served = await Desk(a=GOOD).serve(other, role_assignment({"a": 1.0}))
        assert served.events[0].model == "a"


async def test_nothing_to_decide_means_no_run_and_no_event() -> None:
    desk = Desk(a=GOOD)
    empty = role_task(Role.TOPIC_LOCATOR, task().window)
    served = await desk.serve(empty, logic=TopicLocator())
    assert (served.task, served.events, desk.calls()) == (empty, (), {})
