"""What the policy agent publishes, and publishes again."""

from collections.abc import Iterable

import pytest

from agents.outbox import BrokerAwayError, Outbox, Outgoing
from agents.policy import Partition, PolicyAgent
from agents.policy_controls import PolicyControls
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from pipeline.clock import ManualClock
from pipeline.config import Config, KafkaSettings
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.models.declared import DeclaredModels
from schemas.roles import MODEL_ROLES
from tests.in_memory_models import arm

KAFKA = KafkaSettings(bootstrap_servers="127.0.0.1:1", partitions=1)


class BrokerAwayOnce(Outbox):
    """Takes nothing the first time, all later."""

    def __init__(self) -> None:
        super().__init__(KAFKA)
        self.away = True
        self.took: list[str] = []

    async def send(self, messages: Iterable[Outgoing]) -> None:
        sent = [message.key for message in messages]
        if self.away and sent:
            self.away = False
            raise BrokerAwayError("away")
        self.took += sent


async def test_what_the_broker_did_not_take_is_published_once_it_is_back() -> None:
    models = (arm("cheap", 1.0), arm("dear", 2.0))
    config = Config(kafka=KAFKA, models=models)
    maker = PolicyMaker(config, DeclaredModels(models))
    role_app = RoleApp("policy", KAFKA, ManualClock(), config.worker)
    role_app.outbox = outbox = BrokerAwayOnce()
    heard = RoleAssignments(KAFKA)
    agent = PolicyAgent(role_app, ["garden"], 0.1, maker, heard, PolicyControls(KAFKA))
    partition = Partition(Learner(maker))
    with pytest.raises(BrokerAwayError):
        await agent._publish(0, partition)
    assert heard.all() == ()
    await agent._publish(0, partition)
    assert sorted(outbox.took) == sorted(f"garden|{role.value}" for role in MODEL_ROLES)
    await agent._publish(0, partition)
    assert len(outbox.took) == len(heard.all()) == len(MODEL_ROLES)
