"""Judges in the running flow: asked where the policy wants it, paid once, not just believed."""

import time
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas.answers import LoggedAnswer, place_of
from schemas.codec import encode
from schemas.rewards import (
    ArmShare,
    JudgeStanding,
    QualitySource,
    RewardEvent,
    RoleAssignment,
    assignment_key,
)
from schemas.roles import MODEL_ROLES, Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
ROLES_ONLY = ",".join(role.slug for role in Role)
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]


def assign(deployment: Deployment, primary: str, fallback: str, *trusted: JudgeStanding) -> None:
    """All roles to `primary`, every run of it judged."""
    for role in MODEL_ROLES:
        message = RoleAssignment(
            domain="news",
            role=role,
            version=1,
            policy="by-hand",
            primary=primary,
            mix=(ArmShare(model=primary, probability=1.0, judge_rate=1.0),),
            fallbacks=(ArmShare(model=fallback, probability=1.0),),
            judges=trusted,
            reason="a test says so",
            at=datetime.now(UTC),
        )
        deployment.produce_bytes("role-assignments", assignment_key("news", role), encode(message))
    deployment.flush()


def organizer_runs(deployment: Deployment) -> dict[str, RewardEvent]:
    """The runs of the content organizer by arm."""
    return {
        event.model: event
        for event in deployment.read("role-rewards", RewardEvent)
        if event.role is Role.CONTENT_ORGANIZER and not event.late
    }


def one_window(deployment: Deployment, limit_s: float = 60.0) -> None:
    deployment.produce("news", "s", TEXTS)
    deployment.wait_accounted(len(TEXTS), limit_s)


def test_an_answer_judged_wrong_is_replaced_and_every_cent_is_in_the_account(
    deploy: Deploy,
) -> None:
    deployment = deploy(models=["mistaken", "oracle"], judges=["judge"])
    assign(deployment, "mistaken", "oracle")
    deployment.start_worker(ROLES_ONLY)
    one_window(deployment)
    runs = organizer_runs(deployment)
    wrong, instead = runs["mistaken"], runs["oracle"]
    assert not wrong.kept
    assert instead.kept
    assert (wrong.quality, wrong.quality_source, wrong.judge) == (0.2, QualitySource.JUDGE, "judge")
    assert wrong.verdicts[0].faults == ("it is not what the sentences say",)
    judgments = [
        answer
        for answer in deployment.read("answers", LoggedAnswer)
        if place_of(answer.key).is_judgment and answer.role is Role.CONTENT_ORGANIZER
    ]
    assert [answer.model for answer in judgments] == ["judge"]
    assert wrong.judge_cost_usd == pytest.approx(judgments[0].cost_usd)
    assert wrong.judge_cost_usd > 0
    assert instead.verdicts == ()


def test_a_judgment_survives_sigkill_and_is_not_paid_again(deploy: Deploy) -> None:
    deployment = deploy(models=["mistaken", "slow-oracle"], judges=["judge"], delay_s=3.0)
    assign(deployment, "mistaken", "slow-oracle")
    worker = deployment.start_worker(ROLES_ONLY)
    deployment.produce("news", "s", TEXTS)
    asked = "judge|content_organizer"
    until(lambda: deployment.calls()["calls"].get(asked) == 1, 30)
    time.sleep(0.5)
    deployment.kill(worker)
    deployment.start_worker(ROLES_ONLY)
    deployment.wait_accounted(len(TEXTS))
    assert deployment.calls()["calls"][asked] == 1
    runs = organizer_runs(deployment)
    assert runs["mistaken"].quality_source is QualitySource.JUDGE
    assert runs["slow-oracle"].kept


@pytest.mark.parametrize("judge", ["rambling-judge", "flatterer", "down"])
def test_a_judge_without_a_verdict_that_counts_is_no_observation(
    deploy: Deploy, judge: str
) -> None:
    deployment = deploy(models=["mistaken", "oracle"], judges=[judge])
    known = JudgeStanding(judge=judge, knows_right=0.95, knows_wrong=0.1)
    trusted = (known,) if judge == "flatterer" else ()
    assign(deployment, "mistaken", "oracle", *trusted)
    deployment.start_worker(ROLES_ONLY)
    for n in range(12 if judge == "flatterer" else 1):
        deployment.produce("news", f"s-{n}", TEXTS)
    until(lambda: any(e.verdicts for e in rewards(deployment)), 60)
    judged = [event for event in rewards(deployment) if event.verdicts]
    assert {event.quality_source for event in judged} == {QualitySource.CHECKS}
    assert {event.judge for event in judged} == {"flatterer" if judge == "flatterer" else None}
    paid = {event.judge_cost_usd > 0 for event in judged}
    assert paid == {judge != "down"}


def rewards(deployment: Deployment) -> list[RewardEvent]:
    return deployment.read("role-rewards", RewardEvent)


def test_the_policy_learns_from_judges_and_whom_to_trust(deploy: Deploy) -> None:
    deployment = deploy(
        models=["mistaken", "oracle"],
        policy="thompson",
        judges=["judge", "flatterer"],
        judging="audit_rate = 1.0",
    )
    deployment.start_worker()

    def organizer() -> RoleAssignment | None:
        found = [
            item
            for item in deployment.read("role-assignments", RoleAssignment)
            if item.role is Role.CONTENT_ORGANIZER and item.domain == "news"
        ]
        return max(found, key=lambda item: item.version) if found else None

    until(lambda: organizer() is not None, 10)
    for n in range(16):
        deployment.produce("news", f"s-{n}", TEXTS)
        deployment.wait_accounted((n + 1) * len(TEXTS))
    time.sleep(1.0)
    published = organizer()
    assert published is not None
    assert published.primary == "oracle"
    trust = {standing.judge: standing for standing in published.judges}
    assert set(trust) == {"judge", "flatterer"}
    assert trust["flatterer"].knows_wrong < trust["judge"].knows_wrong
