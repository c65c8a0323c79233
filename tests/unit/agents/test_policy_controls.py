"""The controls that the policy agent knows of."""

import pytest

from agents.policy_controls import PolicyControls
from pipeline.config import KafkaSettings
from schemas.codec import encode
from schemas.policy_control import ControlMode, PolicyControl
from schemas.roles import Role
from tests.role_tasks import AT

KEY = "news|topic_finder"


@pytest.fixture
def controls() -> PolicyControls:
    return PolicyControls(KafkaSettings(bootstrap_servers="127.0.0.1:1"))


def pin(model: str) -> PolicyControl:
    return PolicyControl(
        domain="news", role=Role.TOPIC_FINDER, mode=ControlMode.PINNED, model=model, at=AT
    )


def test_the_last_word_holds_until_it_is_taken_back(controls: PolicyControls) -> None:
    assert controls.get("news", Role.TOPIC_FINDER) is None
    controls.heard(KEY, encode(pin("a")))
    controls.heard(KEY, encode(pin("b")))
    assert controls.get("news", Role.TOPIC_FINDER) == pin("b")
    assert controls.get("news", Role.TOPIC_LOCATOR) is None
    controls.heard(KEY, None)
    assert controls.get("news", Role.TOPIC_FINDER) is None


def test_what_cannot_be_read_changes_nothing(controls: PolicyControls) -> None:
    controls.heard(KEY, encode(pin("a")))
    controls.heard(KEY, b"{}")
    assert controls.get("news", Role.TOPIC_FINDER) == pin("a")
