"""How soon the default policy finds a new arm its place and lets a broken one go."""

from random import Random

import pytest

from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.default import DefaultPolicy
from pipeline.rolerl.policy import Context, Observation
from pipeline.rolerl.settings import PolicySettings

PRICES = {"cheap": 0.01, "new": 0.05, "dear": 1.0}
JUDGE_USD = 0.1
FEEDBACK = 0.2


def play(
    policy: DefaultPolicy,
    chances: dict[str, float],
    windows: range,
    judge: bool,
    broken: str = "",
) -> list[list[str]]:
    """Runs of each decision, the first one's arm first; without a judge a fifth becomes known."""
    rng = Random(f"windows-{windows.start}")
    played = []
    for number in windows:
        context = Context("news", "topic_finder", str(number))
        decision = policy.decide(context)
        queue, rest = [decision.first, *decision.beside], list(decision.fallbacks)
        ran = []
        while queue:
            run = queue.pop(0)
            ran.append(run.model)
            valid = run.model != broken
            right = valid and rng.random() < chances[run.model]
            judged = judge and run.judge and valid
            seen = Observation(
                context,
                str(number),
                run.model,
                "incumbent",
                decision.propensity,
                "ok" if valid else "invalid",
                PRICES[run.model],
                JUDGE_USD if judged else 0.0,
                0.1,
                success=right if judged else None,
                source="judge" if judged else None,
            )
            policy.update(seen)
            if valid and not judge and rng.random() < FEEDBACK:
                told = float(right)
                policy.update(
                    seen._replace(cost_usd=0.0, quality=told, source="feedback", late=True)
                )
            if not queue and rest and (not valid or (judged and not right)):
                queue.append(rest.pop(0))
        played.append(ran)
    return played


def made(models: tuple[str, ...], judge: bool) -> DefaultPolicy:
    arms = [Arm(model, PRICES[model]) for model in models]
    return DefaultPolicy(arms, PolicySettings(seed=5, judge_price_usd=JUDGE_USD if judge else None))


@pytest.mark.parametrize("judge", [True, False])
@pytest.mark.parametrize("good", [0.99, 0.05])
def test_a_new_arm_has_found_its_place_within_150_decisions(judge: bool, good: float) -> None:
    chances = {"cheap": 0.05, "new": good, "dear": 0.7}
    policy = made(("cheap", "dear"), judge)
    play(policy, chances, range(400), judge)
    policy.set_arm(Arm("new", PRICES["new"]))
    play(policy, chances, range(400, 550), judge)
    decided = play(policy, chances, range(550, 650), judge)
    delivered = [ran[-1] if judge else ran[0] for ran in decided]
    if good > 0.5:
        assert delivered.count("new") >= 80, delivered
    else:
        assert delivered.count("new") <= 5, delivered


@pytest.mark.parametrize("judge", [True, False])
def test_an_arm_that_breaks_is_out_within_five_decisions(judge: bool) -> None:
    chances = {"cheap": 0.97, "new": 0.5, "dear": 0.97}
    policy = made(("cheap", "new", "dear"), judge)
    before = play(policy, chances, range(400), judge)
    used = max(PRICES, key=[ran[0] for ran in before[-50:]].count)
    after = play(policy, chances, range(400, 700), judge, broken=used)
    assert sum(used in ran for ran in after) <= 5
