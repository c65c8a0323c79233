"""What people are told of a running policy: why, for how much, and what another would have done."""

import json
import time
from collections.abc import Callable

import pytest

from deploy.cli.keyed_values import KeyedValues
from deploy.cli.policy_view import Cluster
from pipeline.decisions.learner import PolicyState
from pipeline.decisions.ledger import identity, totals
from pipeline.decisions.run_book import RunBook
from schemas.catalogue import POLICY_STATE
from schemas.codec import decode
from schemas.rewards import RewardEvent
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]
ONE = ("--domain", "news", "--role", "content-organizer")
WINDOWS = 16
RECOVERED_S = 30.0
"""The group notices a killed member after six seconds; beside other load a start takes ten."""


def feed(deployment: Deployment, windows: int) -> None:
    for number in range(windows):
        deployment.produce("news", f"s-{number}", TEXTS)
    deployment.wait_accounted(windows * len(TEXTS), 120)


def rewards(deployment: Deployment) -> list[RewardEvent]:
    """The reward events, each once: a task that is redelivered sends its own again."""
    return list({identity(e): e for e in deployment.read("role-rewards", RewardEvent)}.values())


def run_book(kept: bytes) -> RunBook:
    return decode(PolicyState, kept).runs


def test_it_is_told_why_for_how_much_and_what_another_policy_would_do(deploy: Deploy) -> None:
    deployment = deploy(models=["mistaken", "oracle"], policy="thompson", judges=["judge"])
    deployment.start_worker()
    feed(deployment, WINDOWS)
    cluster = Cluster(deployment.config)

    def learnt() -> bool:
        seen = sum(not event.late for event in rewards(deployment))
        rows = cluster.run_book().arms.values()
        return 0 < seen == sum(record.runs for arms in rows for record in arms.values())

    until(learnt, 10)
    events = rewards(deployment)
    runs = sum(event.role is Role.CONTENT_ORGANIZER and not event.late for event in events)

    states = KeyedValues(deployment.config.kafka, POLICY_STATE).latest().values()
    of_news = [s for s in states if any(k.startswith("news|") for k in run_book(s).accounts)]
    assert len(of_news) == 1, "all roles of a domain are learnt together"
    told = json.loads(deployment.command("policy", "explain", *ONE, "--json"))
    arms = {arm["model"]: arm for arm in told["arms"]}
    assert set(arms) == {"mistaken", "oracle"}
    assert sum(arm["runs"] for arm in arms.values()) == runs
    assert arms["oracle"]["right_low"] > arms["mistaken"]["right"]
    assert arms["oracle"]["latency_p50_s"] > 0.0
    assert any("loses the role" in sentence for sentence in told["would_change"])
    text = deployment.command("policy", "explain", *ONE)
    assert "What would change the choice" in text
    assert "95 % interval" in text

    ledger = json.loads(deployment.command("policy", "ledger", "--domain", "news", "--json"))
    paid = sum(usd for (domain, *_), usd in totals(events).items() if domain == "news")
    assert ledger["paid_usd"]["total"] == pytest.approx(paid)
    assert ledger["paid_usd"]["judgment"] > 0.0
    assert ledger["saved_vs_dearest"]["model"] == "oracle"
    saved = ledger["saved_vs_dearest"]
    assert saved["kept"] >= saved["paid"] > saved["all_in"]
    shown = deployment.command("policy", "show", "--domain", "news")
    assert "saved against the dearest arm, oracle" in shown

    estimated = json.loads(
        deployment.command(
            "policy", "replay", "--from-rewards", "--policy", "fixed:oracle", "--json"
        )
    )
    assert estimated["rewards"].endswith("role-rewards")
    assert "thompson" in estimated["logged_policies"]
    assert estimated["runs"] == sum(not event.late for event in events)
    quality = estimated["estimates"]["quality"]
    assert quality["doubly_robust"]["mean"] > quality["logged"]["mean"]
    assert "doubly robust" in deployment.command("policy", "replay", "--from-rewards")


def test_a_killed_agent_is_back_in_seconds_with_all_it_had_learnt(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage", "oracle"], policy="thompson")
    deployment.start_worker(",".join(role.slug for role in Role))
    agent = deployment.start_worker("policy")
    feed(deployment, 4)
    cluster = Cluster(deployment.config)
    news = [f"news|{role.value}" for role in Role]

    def has_learnt_all() -> bool:
        paid = sum(totals(rewards(deployment)).values())
        return 0 < paid == pytest.approx(cluster.run_book().account(news).total_usd)

    until(has_learnt_all, 10)
    deployment.kill(agent)
    killed_s = time.monotonic()
    deployment.produce("news", "after", TEXTS)
    deployment.start_worker("policy")
    until(lambda: len(deployment.outcomes()) > 4 and has_learnt_all(), RECOVERED_S)
    took_s = time.monotonic() - killed_s
    assert took_s < RECOVERED_S, f"{took_s:.1f} s"
    runs = [event for event in rewards(deployment) if not event.late]
    rows = cluster.run_book().arms.values()
    assert sum(record.runs for arms in rows for record in arms.values()) == len(runs)
