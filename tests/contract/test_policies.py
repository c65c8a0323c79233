"""What every policy must do, whatever it believes."""

import sys
from collections.abc import Callable
from dataclasses import replace
from random import Random
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Context, Decision, Observation, Policy
from pipeline.rolerl.registry import make_policy, policy_names
from pipeline.rolerl.settings import PolicySettings

OURS = [name for name in policy_names() if not name.startswith("peer:")]
LEARNING = [name for name in OURS if name != "fixed"]
JUDGE_USD = 0.01
ARMS = (Arm("cheap", 0.01), Arm("middle", 0.1), Arm("dear", 1.0))

Chances = Callable[[int], dict[str, float]]


def made(name: str, arms: tuple[Arm, ...] = ARMS, seed: int = 3) -> Policy:
    return make_policy(name, arms, PolicySettings(seed=seed, judge_price_usd=JUDGE_USD))


def observed(
    context: Context, decision: Decision, model: str, number: int, right: bool | None, price: float
) -> Observation:
    kind = "incumbent" if model == decision.first.model else "challenger"
    return Observation(
        context,
        str(number),
        model,
        kind,
        decision.propensity,
        "ok",
        price,
        0.0 if right is None else JUDGE_USD,
        0.2,
        None if right is None else float(right),
        right,
        None if right is None else "judge",
    )


def play(
    policy: Policy, chances: Chances, steps: int, start: int = 0, role: str = "topic_finder"
) -> list[str]:
    """Everything is judged; the best judged run is kept. Returns the kept arms."""
    rng = Random(f"play-{start}")
    kept = []
    for number in range(start, start + steps):
        context = Context("news", role, str(number))
        decision = policy.decide(context)
        chance = chances(number)
        price = {arm.model: arm.price_usd for arm in policy.arms()}
        queue = [decision.first, *decision.beside]
        rest = list(decision.fallbacks)
        answer = None
        while queue:
            run = queue.pop(0)
            right = rng.random() < chance[run.model]
            policy.update(observed(context, decision, run.model, number, right, price[run.model]))
            if right and answer is None:
                answer = run.model
            if not queue and answer is None and rest:
                queue.append(rest.pop(0))
        kept.append(answer or decision.first.model)
    return kept


@pytest.mark.parametrize("name", OURS)
def test_same_seed_same_decisions(name: str) -> None:
    def chances(number: int) -> dict[str, float]:
        return {"cheap": 0.4, "middle": 0.8, "dear": 0.95}

    assert play(made(name), chances, 200) == play(made(name), chances, 200)


@pytest.mark.parametrize("name", OURS)
def test_probabilities_sum_to_one_and_the_primary_is_in_the_mix(name: str) -> None:
    policy = made(name)
    for round_ in range(30):
        play(policy, lambda _: {"cheap": 0.4, "middle": 0.8, "dear": 0.95}, 5, round_ * 5)
        plan = policy.role_assignment(("news", "topic_finder"))
        assert sum(share.probability for share in plan.mix) == pytest.approx(1.0, abs=1e-9)
        assert plan.primary in {share.model for share in plan.mix}
        assert all(0.0 <= share.judge_rate <= 1.0 for share in plan.mix)
        assert plan.reason


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("change", [{"retired": True}, {"breaker_open": True}])
def test_never_picks_an_arm_that_may_not_run(name: str, change: dict[str, bool]) -> None:
    policy = made(name)
    play(policy, lambda _: {"cheap": 0.9, "middle": 0.9, "dear": 0.9}, 60)
    for gone in ("cheap", "dear"):
        policy.set_arm(Arm(gone, 0.01, **change))
    for number in range(60, 160):
        decision = policy.decide(Context("news", "topic_finder", str(number)))
        runs = (decision.first, *decision.beside, *decision.fallbacks)
        assert {run.model for run in runs} == {"middle"}
    plan = policy.role_assignment(("news", "topic_finder"))
    assert {share.model for share in (*plan.mix, *plan.fallbacks)} == {"middle"}


@pytest.mark.parametrize("name", OURS)
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([arm.model for arm in ARMS]),
            st.sampled_from(["live", "retired", "breaker_open"]),
            st.integers(1, 12),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_becomes_of_the_pool_only_live_arms_run(
    name: str, steps: list[tuple[str, str, int]]
) -> None:
    policy = made(name)
    rng = Random(7)
    number = 0
    for model, becomes, decisions in steps:
        before = next(arm for arm in policy.arms() if arm.model == model)
        changes = {"retired": becomes == "retired", "breaker_open": becomes == "breaker_open"}
        policy.set_arm(replace(before, **changes))
        live = {arm.model for arm in policy.arms() if arm.live}
        if not live:
            policy.set_arm(replace(before, retired=False, breaker_open=False))
            live = {model}
        for _ in range(decisions):
            number += 1
            context = Context("news", "topic_finder", str(number))
            decision = policy.decide(context)
            runs = (decision.first, *decision.beside, *decision.fallbacks)
            assert {run.model for run in runs} <= live
            for run in (decision.first, *decision.beside):
                right = rng.random() < 0.7
                policy.update(observed(context, decision, run.model, number, right, 0.1))
            plan = policy.role_assignment(context.key)
            assert {share.model for share in (*plan.mix, *plan.fallbacks)} <= live
            assert sum(share.probability for share in plan.mix) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("name", OURS)
def test_no_arm_left_is_a_clear_error(name: str) -> None:
    policy = made(name, (Arm("only", 0.1),))
    policy.set_arm(Arm("only", 0.1, retired=True))
    with pytest.raises(ConfigurationError, match="no arm can play"):
        policy.decide(Context("news", "topic_finder", "1"))


@pytest.mark.parametrize("name", LEARNING)
def test_a_clearly_better_new_arm_is_taken_up(name: str) -> None:
    policy = made(name)
    chances = {"cheap": 0.1, "middle": 0.3, "dear": 0.5, "new": 0.99}
    play(policy, lambda _: chances, 300)
    policy.set_arm(Arm("new", 0.02))
    kept = play(policy, lambda _: chances, 600, 300)
    assert kept[-100:].count("new") > 70


@pytest.mark.parametrize("name", LEARNING)
def test_a_silent_regression_is_recovered_from(name: str) -> None:
    def chances(number: int) -> dict[str, float]:
        broken = number >= 500
        return {"cheap": 0.0 if broken else 0.98, "middle": 0.85, "dear": 0.3}

    policy = made(name)
    assert play(policy, chances, 500)[-100:].count("cheap") > 60
    assert play(policy, chances, 700, 500)[-100:].count("middle") > 70


@pytest.mark.parametrize("name", OURS)
def test_state_round_trips_byte_for_byte(name: str) -> None:
    def chances(number: int) -> dict[str, float]:
        return {"cheap": 0.9 if number % 80 < 40 else 0.1, "middle": 0.8, "dear": 0.95}

    policy = made(name)
    play(policy, chances, 150)
    play(policy, chances, 150, 150, role="topic_locator")
    state = policy.dump()
    other = made(name, (Arm("other", 1.0),), seed=99)
    other.load(state)
    assert other.dump() == state
    for number in range(300, 380):
        context = Context("news", ("topic_finder", "topic_locator")[number % 2], str(number))
        decision = policy.decide(context)
        assert other.decide(context) == decision
        for run in (decision.first, *decision.beside):
            seen = observed(context, decision, run.model, number, number % 3 > 0, 0.1)
            policy.update(seen)
            other.update(seen)


@pytest.mark.parametrize("name", OURS)
@pytest.mark.parametrize("state", [b"", b"{}", b"[1]", b'{"policy": "someone else"}', b"\xff"])
def test_a_foreign_state_is_refused(name: str, state: bytes) -> None:
    with pytest.raises(InvalidInputError):
        made(name).load(state)


@pytest.mark.parametrize("name", OURS)
def test_the_state_does_not_grow_with_history(name: str) -> None:
    policy = made(name)
    chances = {"cheap": 0.5, "middle": 0.8, "dear": 0.9}
    play(policy, lambda _: chances, 400)
    early = len(policy.dump())
    play(policy, lambda _: chances, 1600, 400)
    assert len(policy.dump()) < 1.6 * early


@pytest.mark.parametrize("name", OURS)
def test_an_update_does_no_more_after_a_long_history(name: str) -> None:
    policy = made(name)
    chances = {"cheap": 0.5, "middle": 0.8, "dear": 0.9}

    def calls_per_step(start: int) -> float:
        calls = 0

        def count(_frame: FrameType, event: str, _arg: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            play(policy, lambda _: chances, 200, start)
        finally:
            sys.setprofile(None)
        return calls / 200

    play(policy, lambda _: chances, 300)
    early = calls_per_step(300)
    play(policy, lambda _: chances, 2500, 500)
    assert calls_per_step(3000) < 2.0 * early


@pytest.mark.parametrize("name", OURS)
def test_unknown_arms_and_late_news_are_taken(name: str) -> None:
    policy = made(name)
    context = Context("news", "topic_finder", "1")
    decision = policy.decide(context)
    policy.update(observed(context, decision, "never heard of", 1, True, 0.1))
    late = observed(context, decision, decision.first.model, 1, True, 0.0)
    policy.update(late._replace(late=True, latency_s=None))
    assert policy.explain(("news", "topic_finder"))


def test_an_unknown_policy_is_named() -> None:
    with pytest.raises(ConfigurationError, match="default"):
        make_policy("magic", ARMS, PolicySettings())
