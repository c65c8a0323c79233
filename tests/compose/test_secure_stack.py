"""Three brokers with TLS: passwords and access rules hold, and records come out all the same."""

from collections.abc import Callable

import pytest

from tests.compose.stack import Stack

pytestmark = [pytest.mark.compose, pytest.mark.timeout(2400)]


@pytest.fixture(scope="module")
def stack(bring_up: Callable[..., Stack]) -> Stack:
    stack = bring_up("docker-compose.yml", "docker-compose.secure.yml")
    stack.compose("build", "--quiet")
    stack.compose("up", "--detach")
    return stack


def test_a_consumer_of_its_own_name_reads_records(stack: Stack) -> None:
    assert stack.until(
        "a record, read by the user `consumer`",
        lambda: stack.records("news", "sample-news-en", ("consumer",)),
        limit_s=900,
    )


def test_a_consumer_may_not_write_and_not_read_anything_else(stack: Stack) -> None:
    for command in (["produce", "-", "--domain", "news", "--stream", "x"], ["status"]):
        with pytest.raises(AssertionError, match="no Kafka topic"):
            stack.compose(
                "run", "--rm", "-T", "--entrypoint", "rolestream", "consumer", *command,
                text="Hello.",
            )  # fmt: skip


def test_an_observer_sees_how_things_are_and_may_not_steer(stack: Stack) -> None:
    assert "topic_finder" in stack.compose("run", "--rm", "-T", "observer", "status")
    with pytest.raises(AssertionError, match="'observer' may not write policy-control"):
        stack.compose("run", "--rm", "-T", "observer", "policy", "freeze", "--domain", "news")


def test_an_operator_may_steer(stack: Stack) -> None:
    for command in (["policy", "freeze", "--domain", "news"], ["dead-letters", "replay", "--all"]):
        stack.compose("run", "--rm", "-T", "operator", *command)


def test_a_password_is_not_sent_without_tls(stack: Stack) -> None:
    plain = "ROLESTREAM__KAFKA__SECURITY_PROTOCOL=PLAINTEXT"
    with pytest.raises(AssertionError, match="logs nobody in"):
        stack.compose("run", "--rm", "-T", "-e", plain, "cli", "status")
