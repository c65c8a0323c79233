"""The pool of running workers: arms come, go and change their prices without a restart."""

import json
import time
from collections.abc import Callable, Iterable

import pytest

from schemas.codec import encode
from schemas.pool_change import PoolChange
from schemas.rewards import RewardEvent
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"] if n % 2 else ["opinion"], f"sentence {n}") for n in range(6)]
SEEN_S = 2.0


def add(deployment: Deployment, name: str, *more: str, usd: float = 0.5) -> float:
    """Adds an arm; returns when the command was done."""
    price = ["--input", str(usd), "--output", str(usd)]
    deployment.command(
        "models", "add", "--name", name, "--base-url", deployment.base_url, *price, *more
    )
    return time.monotonic()


def runs(deployment: Deployment) -> list[RewardEvent]:
    """The runs so far, late news left out."""
    events = deployment.read("role-rewards", RewardEvent)
    return [event for event in events if not event.late]


def feed(deployment: Deployment, *names: str) -> list[RewardEvent]:
    """Sends one window a name, one after the other, and returns all runs of these."""
    accounted = sum(outcome.sentences for outcome in deployment.outcomes())
    windows = {event.window_id for event in runs(deployment)}
    for place, name in enumerate(names, start=1):
        deployment.produce("news", name, TEXTS)
        deployment.wait_accounted(accounted + place * len(TEXTS))
    return [event for event in runs(deployment) if event.window_id not in windows]


def test_a_running_worker_reprices_lets_go_and_takes_in_an_arm_also_after_sigkill(
    deploy: Deploy,
) -> None:
    deployment = deploy(models=["oracle-1", "oracle-2"], policy="fixed:oracle-1")
    worker = deployment.start_worker()
    before = feed(deployment, "before")
    assert {event.model for event in before} == {"oracle-1"}

    deployment.command("models", "reprice", "oracle-1", "--input", "1000", "--output", "0")
    time.sleep(SEEN_S)
    dearer = feed(deployment, "dearer")
    for event in dearer:
        assert event.cost_usd == pytest.approx(event.input_tokens * 1e-3)
    for event in before:
        cost = (event.input_tokens + event.output_tokens) * 1e-6
        assert event.cost_usd == pytest.approx(cost), "the price of its time"

    deployment.command("models", "retire", "oracle-1")
    time.sleep(SEEN_S)
    assert {event.model for event in feed(deployment, "without")} == {"oracle-2"}
    deployment.kill(worker)
    deployment.start_worker()
    assert {event.model for event in feed(deployment, "restarted")} == {"oracle-2"}

    add(deployment, "oracle-1", usd=7)
    time.sleep(SEEN_S)
    back = feed(deployment, "back")
    assert {event.model for event in back} == {"oracle-1"}
    listed = {m["name"]: m for m in json.loads(deployment.command("models", "list", "--json"))}
    assert listed["oracle-1"]["usd_per_million_input"] == 7
    assert [listed[name]["origin"] for name in ("oracle-1", "oracle-2")] == [
        "changed",
        "configured",
    ]


@pytest.mark.parametrize(
    ("policy", "judges"),
    [pytest.param("thompson", [], marks=pytest.mark.slow), ("default", ["judge"])],
)
def test_a_broken_new_arm_is_out_within_five_decisions(
    deploy: Deploy, policy: str, judges: list[str]
) -> None:
    deployment = deploy(models=["oracle"], policy=policy, judges=judges)
    deployment.start_worker()
    feed(deployment, "before")
    add(deployment, "garbage", usd=0.01)
    time.sleep(SEEN_S)
    tried: dict[Role, set[str]] = {}
    for event in feed(deployment, *(f"s-{n}" for n in range(8))):
        if event.model == "garbage":
            tried.setdefault(event.role, set()).add(event.decision_id)
    assert tried, "nobody tried the new arm"
    assert max(len(decisions) for decisions in tried.values()) <= 5
    until(lambda: primaries(deployment, tried) == {"oracle"}, 5)


def primaries(deployment: Deployment, roles: Iterable[Role]) -> set[str]:
    shown = json.loads(deployment.command("policy", "show", "--domain", "news", "--json"))
    return {
        item["role_assignment"]["primary"] for item in shown if Role(item["role"]) in set(roles)
    }


def test_an_arm_without_its_key_is_refused_and_the_worker_lives(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle"], policy="thompson")
    deployment.start_worker()
    done = add(deployment, "oracle-2", "--api-key-env", "NO_SUCH_KEY_FOR_A_TEST")
    until(lambda: "NO_SUCH_KEY_FOR_A_TEST" in deployment.worker_log(), SEEN_S)
    assert time.monotonic() - done < SEEN_S + 0.5
    lines = [line for line in deployment.worker_log().splitlines() if "oracle-2" in line]
    assert len(lines) == 1
    assert "is not used by this worker" in lines[0]
    assert {event.model for event in feed(deployment, "s")} == {"oracle"}


def test_what_is_sent_never_holds_a_secret(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle"])
    refused = deployment.command(
        "models", "add", "--name", "x", "--base-url", "https://user:hush@example.org/v1",
        "--input", "1", "--output", "1", exit_status=2,
    )  # fmt: skip
    assert "plain address" in refused
    assert "hush" not in refused
    refused = deployment.command(
        "models", "add", "--name", "x", "--base-url", "https://example.org/v1",
        "--api-key-env", "sk-hush", "--input", "1", "--output", "1", exit_status=2,
    )  # fmt: skip
    assert "api_key_env" in refused
    assert deployment.read("model-pool", PoolChange) == []
    add(deployment, "y", "--api-key-env", "THE_KEY")
    (change,) = deployment.read("model-pool", PoolChange)
    assert b"THE_KEY" in encode(change)


def test_mistakes_are_told_in_one_line(deploy: Deploy) -> None:
    deployment = deploy(models=["oracle"])
    assert "last arm" in deployment.command("models", "retire", "oracle", exit_status=2)
    unknown = deployment.command("models", "retire", "nobody", exit_status=2)
    assert unknown.strip().splitlines() == [
        "Error: there is no arm 'nobody' in the pool; it has oracle"
    ]
