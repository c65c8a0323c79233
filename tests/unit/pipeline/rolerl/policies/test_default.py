"""The default policy as the live system uses it: updates in, role assignments out, no `decide`."""

from dataclasses import replace
from random import Random

import pytest

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.draw import draw
from pipeline.rolerl.policies.default import DefaultPolicy
from pipeline.rolerl.policy import Context, Observation
from pipeline.rolerl.settings import PolicySettings

ARMS = (Arm("cheap", 0.01), Arm("middle", 0.1), Arm("dear", 1.0))
CHANCES = {"cheap": 0.99, "middle": 0.99, "dear": 0.99}
KEY = ("news", "topic_finder")


def live(policy: DefaultPolicy, windows: int, known: float = 1.0, took_s: float = 0.1) -> list[str]:
    """Draw from the published plan as workers do; returns the delivered arms."""
    rng = Random(8)
    price = {arm.model: arm.price_usd for arm in ARMS}
    kept = []
    for number in range(windows):
        decision = draw(policy.role_assignment(KEY), rng)
        context = Context(*KEY, str(number))
        for run in (decision.first, *decision.beside):
            right = rng.random() < CHANCES[run.model]
            told = run.judge or rng.random() < known
            seconds = took_s if run.model == "cheap" else 0.1
            policy.update(
                Observation(
                    context,
                    str(number),
                    run.model,
                    "incumbent",
                    decision.propensity,
                    "ok",
                    price[run.model],
                    0.01 if run.judge else 0.0,
                    seconds,
                    float(right) if run.judge else None,
                )
            )
            if told and not run.judge:
                policy.update(
                    Observation(
                        context,
                        str(number),
                        run.model,
                        "incumbent",
                        decision.propensity,
                        "ok",
                        0.0,
                        quality=float(right),
                        source="feedback",
                        late=True,
                    )
                )
        kept.append(decision.first.model)
    return kept


def test_with_a_judge_the_cheap_arm_takes_over_and_is_audited() -> None:
    policy = DefaultPolicy(ARMS, PolicySettings(judge_price_usd=0.05))
    kept = live(policy, 400, known=0.0)
    assert kept[-100:].count("cheap") > 90
    assert 0.0 < policy.role_assignment(KEY).judge_rate <= 1.0


def test_with_little_feedback_it_leaves_the_dearest_arm_for_one_thought_to_be_good() -> None:
    arms = [replace(arm, prior_success=0.95, prior_weight=4.0) for arm in ARMS]
    policy = DefaultPolicy(arms, PolicySettings())
    kept = live(policy, 1500, known=0.05)
    assert kept[-300:].count("dear") < 150


def test_without_any_news_it_does_not_explore() -> None:
    policy = DefaultPolicy(ARMS, PolicySettings())
    live(policy, 200, known=0.0)
    assert len(policy.role_assignment(KEY).mix) == 1


def test_a_late_arm_is_left_out() -> None:
    policy = DefaultPolicy(ARMS, PolicySettings(judge_price_usd=0.05, slo_p95_s=1.0))
    kept = live(policy, 400, known=0.0, took_s=3.0)
    assert "cheap" not in kept[-100:]


def test_a_budget_that_runs_out_leaves_the_cheapest_runs() -> None:
    settings = PolicySettings(budget_usd=4.0, budget_decisions=300)
    policy = DefaultPolicy(ARMS, settings)
    kept = live(policy, 300, known=0.0)
    price = {arm.model: arm.price_usd for arm in ARMS}
    assert sum(price[model] for model in kept) == pytest.approx(4.0, rel=0.3)
    assert sum(price[model] for model in kept) <= 4.0 * 1.005


@pytest.mark.parametrize(("declared", "beside"), [(False, True), (True, False)])
def test_an_arm_that_was_measured_for_the_role_needs_no_hearing(
    declared: bool, beside: bool
) -> None:
    chances = {"cheap": 0.4, "middle": 0.5, "dear": 0.8}
    arms = [
        Arm(name, price, role_priors={KEY[1]: chances[name]} if declared else {})
        for name, price in (("cheap", 0.5), ("middle", 0.8), ("dear", 1.0))
    ]
    policy = DefaultPolicy(arms, PolicySettings())
    # One outcome in a hundred becomes known: too few for a trial to pay, enough for a hearing.
    for number in range(100):
        seen = Observation(
            Context(*KEY, str(number)), str(number), "dear", "incumbent", 1.0, "ok", 1.0
        )
        policy.update(seen)
    policy.update(seen._replace(cost_usd=0.0, quality=1.0, source="feedback", late=True))
    assert policy.role_assignment(KEY).sweep is beside
