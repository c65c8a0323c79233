"""Dead letters are listed, shown, and sent again once; what fails again says where it first lay."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from schemas.roles import MODEL_ROLES
from tests.flow import Deployment, until
from tests.integration.test_flow import by_subject, expected
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"], f"sentence {n}") for n in range(12)]


def replay(deployment: Deployment, *arguments: str) -> dict[str, list[str]]:
    report: dict[str, list[str]] = json.loads(
        deployment.command("dead-letters", "replay", *arguments, "--json")
    )
    return report


def test_a_window_that_failed_is_done_after_its_replay(deploy: Deploy) -> None:
    deployment = deploy(models=["garbage"])
    deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    deployment.produce_bytes("raw-news", "s", b"{not json \x1b[31m")
    deployment.flush()
    until(lambda: len(deployment.dead_letters()) == 2, 30)
    listed = deployment.command("dead-letters", "list")
    assert "no_acceptable_answer" in listed
    assert "\x1b" not in listed
    (failed,) = json.loads(
        deployment.command("dead-letters", "list", "--role", "topic-finder", "--json")
    )
    shown = deployment.command("dead-letters", "show", failed["name"])
    assert "sentence 11" in shown

    deployment.command(
        *("models", "add", "--name", "oracle", "--base-url", deployment.base_url),
        *("--input", "1", "--output", "1"),
    )
    for role in MODEL_ROLES:
        deployment.command("policy", "pin", "oracle", "--domain", "news", "--role", role.slug)
    would = replay(deployment, "--kind", "no_acceptable_answer", "--dry-run")
    assert would["replayed"] == [failed["name"]]
    assert replay(deployment, "--kind", "no_acceptable_answer")["replayed"] == [failed["name"]]
    until(lambda: by_subject(deployment.records("news")) == expected("s", TEXTS), 30)
    again = replay(deployment, "--kind", "no_acceptable_answer")
    assert again["replayed"] == []
    assert again["replayed_before"] == [failed["name"]]
    assert len(deployment.dead_letters()) == 2

    (bad,) = replay(deployment, "--all")["replayed"]
    until(lambda: len(deployment.dead_letters()) == 3, 30)
    (letter,) = [item for item in deployment.dead_letters() if item.replayed_from is not None]
    assert letter.replayed_from is not None
    assert letter.replayed_from.place == bad
    assert letter.source.place != bad


def test_letters_are_chosen_by_when_they_were_written(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.start_worker("chunk-splitter")
    between = ""
    for count in (1, 2):
        between = datetime.now(UTC).isoformat()
        deployment.produce_bytes("raw-news", "s", b"{not json")
        deployment.flush()
        until(lambda count=count: len(deployment.dead_letters()) == count, 30)  # type: ignore[misc]

    def names(since: str) -> list[str]:
        listed = deployment.command("dead-letters", "list", "--since", since, "--json")
        return [letter["name"] for letter in json.loads(listed)]

    both = names("1h")
    assert len(both) == 2
    assert [names(since) for since in ("90s", "2d", "2020-01-31T12:00")] == [both] * 3
    assert names(between) == both[1:]
    assert names(datetime.now(UTC).isoformat()) == []
    assert replay(deployment, "--since", between)["replayed"] == both[1:]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("replay",), "say which"),
        (("show", "raw-news/0/7"), "there is no dead letter 'raw-news/0/7'"),
        (("list", "--since", "yesterday"), "--since 'yesterday'"),
    ],
)
def test_a_mistake_gets_one_line(
    deploy_module: Deploy, arguments: tuple[str, ...], says: str
) -> None:
    printed = deploy_module().command("dead-letters", *arguments, exit_status=2)
    assert says in printed
    assert len(printed.strip().splitlines()) == 1
