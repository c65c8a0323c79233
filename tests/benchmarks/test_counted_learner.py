"""What learning from a reward event costs the policy agent, in calls of functions."""

from functools import partial
from statistics import median

import pytest

from pipeline.config import Config
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.models.declared import DeclaredModels
from schemas.rewards import JudgeVerdict, QualitySource, RewardEvent
from tests.benchmarks.counted import calls_of
from tests.in_memory_models import arm
from tests.unit.pipeline.decisions.test_ledger import event

EVENTS = 60
MOST_CALLS_AN_EVENT, MOST_CALLS_A_JUDGED_ONE = 78, 125


def learner(models: int) -> Learner:
    config = Config.model_validate(
        {
            "kafka": {"bootstrap_servers": "127.0.0.1:1"},
            "policy": {"name": "default", "seed": 1},
            "judging": {"models": ("judge",)},
            "models": [
                *(arm(f"arm-{n}", 0.1 + n).model_dump() for n in range(models)),
                arm("judge", 5.0, roles=("judge",)).model_dump(),
            ],
        }
    )
    return Learner(PolicyMaker(config, DeclaredModels(config.models)))


def reward(number: int, judged: bool) -> RewardEvent:
    run = {"decision_id": f"d{number}", "window_id": "w", "model": "arm-1"}
    if not judged:
        return event(**run, quality=1.0, quality_source=QualitySource.CHECKS)
    verdict = JudgeVerdict(judge="judge", right=True, quality=1.0, cost_usd=0.25)
    return event(**run, quality=1.0, quality_source=QualitySource.JUDGE, verdicts=(verdict,))


def calls(models: int, judged: bool) -> float:
    learns = learner(models)
    events = [reward(number, judged) for number in range(EVENTS)]
    taken = [calls_of(partial(learns.take, item, n)) for n, item in enumerate(events)]
    return median(taken[EVENTS // 2 :])


@pytest.mark.parametrize(
    ("judged", "most"), [(False, MOST_CALLS_AN_EVENT), (True, MOST_CALLS_A_JUDGED_ONE)]
)
def test_an_event_is_a_few_calls_however_many_models_there_are(judged: bool, most: int) -> None:
    assert calls(40, judged) == calls(4, judged) < most
