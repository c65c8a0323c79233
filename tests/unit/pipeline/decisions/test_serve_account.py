"""A served role: what is told of it, when it fails, and what a crash changes."""

from pipeline.decisions.serve import ModelsAwayError, NoAcceptableAnswerError
from schemas.codec import decode, encode
from schemas.ids import decision_id
from schemas.rewards import Outcome, QualitySource, RewardEvent, RunKind
from schemas.roles import Role
from tests.role_tasks import AT
from tests.unit.pipeline.decisions.desk import (
    AWAY,
    BAD,
    GOOD,
    POOR,
    Desk,
    role_assignment,
    task,
)


class TestFailure:
    async def test_all_arms_away_is_worth_another_try(self) -> None:
        failure = await Desk(a=AWAY, b=AWAY).fail(task(), role_assignment({"a": 1.0}, ["b"]))
        assert isinstance(failure.cause, ModelsAwayError)
        assert [event.outcome for event in failure.events] == [Outcome.TIMEOUT] * 2

    async def test_answers_that_are_all_unacceptable_are_not(self) -> None:
        failure = await Desk(a=BAD, b=BAD).fail(task(), role_assignment({"a": 1.0}, ["b"]))
        assert isinstance(failure.cause, NoAcceptableAnswerError)
        assert [event.outcome for event in failure.events] == [Outcome.INVALID] * 2
        assert "a: the answer has no list" in str(failure)

    async def test_an_unacceptable_answer_settles_nothing_while_another_arm_is_away(self) -> None:
        failure = await Desk(a=BAD, b=AWAY).fail(task(), role_assignment({"a": 1.0}, ["b"]))
        assert isinstance(failure.cause, ModelsAwayError)

    async def test_the_reason_is_one_line_of_bounded_length(self) -> None:
        arms = {f"arm{n}": BAD for n in range(12)}
        failure = await Desk(max_fallbacks=10, **arms).fail(task())
        assert len(str(failure)) <= 900
        assert len(str(failure).splitlines()) == 1

    async def test_no_event_of_a_failure_is_kept(self) -> None:
        failure = await Desk(a=BAD, b=AWAY).fail(task(), role_assignment({"a": 1.0}, ["b"]))
        assert [event.kept for event in failure.events] == [False, False]


class TestAfterACrash:
    async def test_an_arm_that_had_answered_goes_first_and_is_not_paid_again(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        await desk.answered_before("b", task())
        served = await desk.serve(task(), role_assignment({"a": 1.0}))
        assert desk.calls() == {}
        assert [event.model for event in served.events] == ["b"]

    async def test_its_event_tells_of_the_first_time(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        await desk.answered_before("b", task())
        (event,) = (await desk.serve(task(), role_assignment({"a": 1.0}))).events
        assert (event.kind, event.propensity) == (RunKind.CHALLENGER, 0.25)
        assert (event.policy, event.assignment_version) == ("earlier", 6)

    async def test_an_answer_that_was_unacceptable_is_not_read_twice(self) -> None:
        desk = Desk(a=BAD, b=BAD, c=GOOD)
        await desk.answered_before("b", task())
        served = await desk.serve(task(), role_assignment({"a": 1.0}, ["b", "c"]))
        assert [event.model for event in served.events] == ["b", "a", "c"]
        assert desk.calls() == {"a": 2, "c": 1}

    async def test_all_that_had_answered_go_before_any_that_would_be_paid(self) -> None:
        desk = Desk(a=BAD, b=GOOD, c=GOOD)
        await desk.answered_before("a", task())
        await desk.answered_before("b", task())
        for how in (role_assignment({"c": 1.0}), role_assignment({"a": 1.0}, ["c", "b"])):
            served = await desk.serve(task(), how)
            assert [event.model for event in served.events] == ["a", "b"]
            assert served.events[1].kept
        assert desk.calls() == {}

    async def test_an_answer_of_an_excluded_arm_is_not_used(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        await desk.answered_before("b", task())
        served = await desk.serve(task(excluded=["b"]), role_assignment({"a": 1.0}))
        assert [event.model for event in served.events] == ["a"]

    async def test_another_window_is_not_concerned(self) -> None:
        desk = Desk(a=GOOD, b=GOOD)
        await desk.answered_before("b", task(1))
        served = await desk.serve(task(2), role_assignment({"a": 1.0}))
        assert [event.model for event in served.events] == ["a"]

    async def test_a_decision_served_twice_gives_the_same_answer_and_events(self) -> None:
        desk = Desk(a=BAD, b=POOR, c=GOOD)
        how = role_assignment({"a": 1.0}, ["b", "c"])
        first = await desk.serve(task(), how)
        calls = desk.calls()
        second = await desk.serve(task(), how)
        assert desk.calls() == calls
        assert second.task == first.task
        strip = {"at": AT}
        assert [e.model_copy(update=strip) for e in second.events] == [
            e.model_copy(update=strip) for e in first.events
        ]


class TestEvents:
    async def test_one_a_run_with_the_costs_of_repairs(self) -> None:
        desk = Desk(a=(BAD, GOOD), b=GOOD)
        (event,) = (await desk.serve(task(3), role_assignment({"a": 1.0}, ["b"]))).events
        assert (event.outcome, event.kept) == (Outcome.REPAIRED, True)
        assert (event.cost_usd, event.repair_cost_usd, event.latency_s) == (0.5, 0.25, 1.0)
        assert (event.input_tokens, event.cached_tokens, event.output_tokens) == (200, 80, 20)
        assert (event.quality, event.quality_source) == (1.0, QualitySource.CHECKS)
        assert event.reward == 10.0 + 1.0 - 0.5
        assert event.decision_id == decision_id("window-3", "topic_finder", 0)
        assert (event.window_id, event.domain, event.role) == (
            "window-3",
            "garden",
            Role.TOPIC_FINDER,
        )
        assert (event.policy, event.assignment_version) == ("paper", 7)
        assert (event.context.lang, event.context.sentences) == ("en", 3)
        assert not event.late
        assert decode(RewardEvent, encode(event)) == event

    async def test_quality_is_the_share_of_checks_passed_or_nothing_if_nobody_answered(
        self,
    ) -> None:
        how = role_assignment({"a": 1.0}, ["b", "c"])
        events = (await Desk(a=AWAY, b=BAD, c=POOR).serve(task(), how)).events
        assert [event.quality for event in events] == [None, 0.0, 0.75]
        assert [event.checks.get("names_verbatim") for event in events] == [None, None, False]
        assert [event.cost_usd for event in events] == [0.0, 0.5, 0.25]

    async def test_the_answer_that_is_kept_names_its_author(self) -> None:
        served = await Desk(a=BAD, b=GOOD).serve(task(), role_assignment({"a": 1.0}, ["b"]))
        author = served.task.produced_by["topic_finder"]
        assert author.model == "b"
        assert author.decision_id == served.events[1].decision_id
        assert author.prompt_version == served.events[1].prompt_version

    async def test_every_usable_run_leaves_its_own_version(self) -> None:
        how = role_assignment({"a": 0.5, "b": 0.25, "c": 0.25}, sweep=True)
        served = await Desk(a=POOR, b=BAD, c=GOOD).serve(task(), how)
        names = {model: v.subjects[0].name for model, v in served.versions.items()}
        assert names == {"a": "a giant rose", "c": "rose"}
