"""Models that answer wrongly, fail, or hang: repaired, fallen back from, or dead-lettered."""

from collections.abc import Callable

import pytest

from schemas.rewards import Outcome, RewardEvent, RoleAssignment, RunKind
from schemas.roles import MODEL_ROLES
from tests.flow import Deployment, until
from tests.integration.test_flow import by_subject, expected
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(12)]


def outcomes_of(deployment: Deployment, model: str) -> set[Outcome]:
    events = deployment.read("role-rewards", RewardEvent)
    return {event.outcome for event in events if event.model == model and not event.late}


def news_assignments(deployment: Deployment) -> list[RoleAssignment]:
    found = deployment.read("role-assignments", RoleAssignment)
    return [item for item in found if item.domain == "news"]


@pytest.mark.parametrize(
    ("first", "outcome"),
    [
        ("garbage", Outcome.INVALID),
        ("outside", Outcome.INVALID),
        ("down", Outcome.ERROR),
        ("refuses", Outcome.ERROR),
        ("hangs", Outcome.TIMEOUT),
    ],
)
def test_another_model_steps_in(deploy: Deploy, first: str, outcome: Outcome) -> None:
    deployment = deploy(
        models=[first, "oracle"],
        policy=f"fixed:{first}",
        model_lines="timeout_s = 1\nmax_retries = 0",
    )
    deployment.start_worker()
    until(lambda: len(news_assignments(deployment)) == len(MODEL_ROLES), 10)
    deployment.produce("news", "s", TEXTS)
    deployment.wait_accounted(len(TEXTS))
    assert by_subject(deployment.records("news")) == expected("s", TEXTS)
    assert outcome in outcomes_of(deployment, first)
    kinds = {
        event.kind
        for event in deployment.read("role-rewards", RewardEvent)
        if event.model == "oracle" and event.kept
    }
    assert kinds == {RunKind.FALLBACK}


@pytest.mark.parametrize("model", ["fenced", "once-wrong"])
def test_an_answer_is_unwrapped_or_repaired_once(deploy: Deploy, model: str) -> None:
    deployment = deploy(models=[model])
    deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    deployment.wait_accounted(len(TEXTS))
    assert by_subject(deployment.records("news")) == expected("s", TEXTS)
    repaired = {Outcome.REPAIRED} if model == "once-wrong" else {Outcome.OK}
    assert outcomes_of(deployment, model) == repaired


def test_without_an_acceptable_answer_the_window_is_dead_lettered_and_accounted_for(
    deploy: Deploy,
) -> None:
    deployment = deploy(models=["garbage"])
    deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    until(lambda: len(deployment.dead_letters()) == 1, 30)
    (letter,) = deployment.dead_letters()
    assert letter.error.kind == "no_acceptable_answer"
    assert "garbage" in letter.error.message
    (outcome,) = deployment.outcomes()
    assert outcome.failed == "no_acceptable_answer"
    assert len(outcome.unassigned) == len(TEXTS)
