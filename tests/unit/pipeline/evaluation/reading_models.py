"""A model in memory that reads the right answer off marked sentences, or fails in one role."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.clock import ManualClock
from pipeline.config import Config, KafkaSettings
from pipeline.models.completion import Completion
from pipeline.prompt_format import parse_user
from schemas.roles import Role
from tests.in_memory_models import InMemoryEndpoint, arm
from tests.scripted.answers import right_answer


class ReadingModel(InMemoryEndpoint):
    """Answers rightly, but for the role `fails`, where it talks."""

    def __init__(
        self,
        clock: ManualClock,
        fails: Role | None = None,
        takes_s: float = 0.5,
        cost_usd: float = 0.25,
    ) -> None:
        super().__init__(clock, "", takes_s=takes_s, cost_usd=cost_usd)
        self._fails = fails

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call."""
        task = parse_user(messages[1][1])
        self._replies = ("well, " if task.role == self._fails else right_answer(task),)
        return await super().complete(messages, json_schema, max_output_tokens)


def config_of(models: Mapping[str, ReadingModel], policy: str) -> Config:
    """A configuration that declares the models, each dearer than the one before."""
    config = Config(
        kafka=KafkaSettings(bootstrap_servers="none:0"),
        models=tuple(arm(name, price=float(n)) for n, name in enumerate(models, start=1)),
    )
    settings = config.policy.model_copy(update={"name": policy})
    return config.model_copy(update={"policy": settings})
