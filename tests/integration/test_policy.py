"""The policy agent on a real broker: learns from runs and feedback, publishes, survives SIGKILL."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from schemas.codec import encode
from schemas.messages import ProducedBy
from schemas.rewards import (
    ArmShare,
    DecisionContext,
    Feedback,
    FeedbackSentence,
    FeedbackSubject,
    Outcome,
    QualitySource,
    RewardEvent,
    RoleAssignment,
    RunKind,
    assignment_key,
)
from schemas.roles import MODEL_ROLES, Role
from tests.flow import Deployment, until
from tests.scripted.text import marked, truth

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
WITHOUT_POLICY = ",".join(role.slug for role in Role)
TEXTS = [
    marked("mug" if n % 12 < 6 else "jug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}")
    for n in range(12)
]


def assign(deployment: Deployment, model: str, version: int) -> None:
    for role in MODEL_ROLES:
        message = RoleAssignment(
            domain="news",
            role=role,
            version=version,
            policy="by-hand",
            primary=model,
            mix=(ArmShare(model=model, probability=1.0),),
            reason="a test says so",
            at=datetime.now(UTC),
        )
        deployment.produce_bytes("role-assignments", assignment_key("news", role), encode(message))
    deployment.flush()


def authors(deployment: Deployment, stream_id: str) -> set[str]:
    found: dict[str, ProducedBy] = {}
    for record in deployment.records("news"):
        if record.stream_id == stream_id:
            found |= record.produced_by
    return {author.model for role, author in found.items() if author.model != "code"}


def current(deployment: Deployment) -> dict[Role, RoleAssignment]:
    found = deployment.read("role-assignments", RoleAssignment)
    latest: dict[Role, RoleAssignment] = {}
    for item in found:
        if item.domain == "news" and item.version >= latest.get(item.role, item).version:
            latest[item.role] = item
    return latest


def preferred(deployment: Deployment) -> set[str]:
    """The arms that are drawn most; the paper's incumbent may be another for a decision."""
    return {
        max(item.mix, key=lambda share: share.probability).model
        for item in current(deployment).values()
    }


def feed(deployment: Deployment, streams: int, name: str = "s") -> None:
    before = sum(outcome.sentences for outcome in deployment.outcomes())
    for n in range(streams):
        deployment.produce("news", f"{name}-{n}", TEXTS)
    deployment.wait_accounted(before + streams * len(TEXTS), 90)


def test_workers_follow_a_role_assignment_within_a_second(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle-1", "oracle-2"])
    assign(deployment, "oracle-1", version=1)
    deployment.start_worker(WITHOUT_POLICY)
    deployment.produce("news", "before", TEXTS)
    deployment.wait_accounted(len(TEXTS))
    assert authors(deployment, "before") == {"oracle-1"}
    assign(deployment, "oracle-2", version=2)
    time.sleep(1.0)
    deployment.produce("news", "after", TEXTS)
    deployment.wait_accounted(2 * len(TEXTS))
    assert authors(deployment, "after") == {"oracle-2"}


@pytest.mark.parametrize("policy", ["paper", "thompson"])
def test_the_policy_learns_which_model_answers(deploy: Deploy, policy: str) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy=policy)
    deployment.start_worker()
    feed(deployment, 20)
    until(lambda: preferred(deployment) == {"oracle"}, 10)
    assert set(current(deployment)) == set(MODEL_ROLES)


def test_feedback_moves_a_role_to_the_model_that_is_right(deploy: Deploy) -> None:
    deployment = deploy(models=["mistaken", "oracle"], policy="thompson")
    deployment.start_worker()
    for n in range(25):
        stream_id = f"s-{n}"
        deployment.produce("news", stream_id, TEXTS)
        deployment.wait_accounted((n + 1) * len(TEXTS))
        feedback = Feedback(
            domain="news",
            stream_id=stream_id,
            subjects=tuple(FeedbackSubject(key=name, name=name) for name in ("mug", "jug")),
            sentences=tuple(
                FeedbackSentence(
                    seq=seq, subject=truth(text).subject, categories=truth(text).categories
                )
                for seq, text in enumerate(TEXTS, start=1)
            ),
            at=datetime.now(UTC),
        )
        deployment.produce_bytes("feedback", stream_id, encode(feedback))
        deployment.flush()
    late = [event for event in deployment.read("role-rewards", RewardEvent) if event.late]
    sorting = [event for event in late if event.role is Role.CONTENT_ORGANIZER]
    assert {e.quality for e in sorting if e.model == "oracle"} == {1.0}
    assert max(e.quality or 0.0 for e in sorting if e.model == "mistaken") < 0.7
    assert sum(event.cost_usd for event in late) == 0.0
    until(lambda: current(deployment)[Role.CONTENT_ORGANIZER].primary == "oracle", 10)


def test_a_killed_policy_agent_goes_on_where_it_was(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy="paper")
    deployment.start_worker(WITHOUT_POLICY)
    policy = deployment.start_worker("policy")
    feed(deployment, 12)
    until(lambda: preferred(deployment) == {"oracle"}, 10)
    before = current(deployment)
    deployment.kill(policy)
    deployment.start_worker("policy")
    feed(deployment, 3, "later")
    after = current(deployment)
    assert preferred(deployment) == {"oracle"}
    for role, item in after.items():
        assert item.version >= before[role].version
        assert not item.sweep, "a policy that had forgotten would sweep all arms again"


def test_nothing_is_published_that_changes_nothing(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle"], policy="fixed:oracle")
    deployment.start_worker()
    feed(deployment, 5)
    time.sleep(1.0)
    news = [a for a in deployment.read("role-assignments", RoleAssignment) if a.domain == "news"]
    assert sorted(item.role for item in news) == sorted(MODEL_ROLES)


def test_what_changes_all_the_time_is_published_at_most_once_an_interval(deploy: Deploy) -> None:
    deployment = deploy(models=["a", "b"], policy="thompson")
    deployment.start_worker("policy")
    interval_s = deployment.config.policy.publish_interval_s
    start = time.monotonic()
    for number in range(150):
        deployment.produce_bytes(
            "role-rewards",
            assignment_key("news", Role.TOPIC_FINDER),
            encode(judged(f"d{number}", "ab"[number % 2], float(number // 10 % 2 == number % 2))),
        )
        time.sleep(0.02)
    deployment.flush()
    time.sleep(2 * interval_s)
    took_s = time.monotonic() - start
    finder = [
        item
        for item in deployment.read("role-assignments", RoleAssignment)
        if (item.domain, item.role) == ("news", Role.TOPIC_FINDER)
    ]
    gaps = [(two.at - one.at).total_seconds() for one, two in pairwise(finder)]
    assert min(gaps) >= 0.9 * interval_s
    assert 3 <= len(finder) <= took_s / interval_s + 1


def judged(decision: str, model: str, quality: float) -> RewardEvent:
    return RewardEvent(
        decision_id=decision,
        window_id=decision,
        domain="news",
        role=Role.TOPIC_FINDER,
        model=model,
        kind=RunKind.INCUMBENT,
        propensity=0.5,
        policy="by-hand",
        assignment_version=1,
        prompt_version="v",
        context=DecisionContext(lang="en", sentences=3),
        outcome=Outcome.OK,
        kept=True,
        quality=quality,
        quality_source=QualitySource.JUDGE,
        latency_s=0.1,
        input_tokens=1,
        output_tokens=1,
        cost_usd=0.0,
        reward=0.0,
        at=datetime.now(UTC),
    )
