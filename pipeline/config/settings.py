"""The one configuration file: its tables and their defaults."""

import socket
from pathlib import Path
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, model_validator

from pipeline.config.allowances import AllowanceSettings, BudgetSettings, LimitSettings
from pipeline.config.kafka import KafkaSettings, Section
from pipeline.config.models import ModelSettings
from pipeline.config.state import StateSettings
from pipeline.config.web import WebSettings
from schemas.roles import MODEL_ROLES, Role


def _role(name: object) -> object:
    return name.replace("-", "_") if isinstance(name, str) else name


ModelRole = Annotated[Role, BeforeValidator(_role)]


class DomainSettings(Section):
    """The `[domains]` table: which domains run, and files that declare further ones."""

    enabled: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()


class SplitterSettings(Section):
    """The `[splitter]` table: when a window is cut.

    Sentence counts are for languages written with spaces and without; a window is flushed when its
    first sentence is `max_age_s` old, as in a quiet stream; `forget_after_s` frees the memory of a
    stream that stays quiet (its state stays in Kafka); `max_carry_share` bounds what a cut may
    hold back, so that every cut makes progress.
    """

    window_sentences: int = Field(default=60, ge=1, le=2000)
    window_sentences_unspaced: int = Field(default=120, ge=1, le=2000)
    max_age_s: float = Field(default=120.0, gt=0)
    forget_after_s: float = Field(default=900.0, gt=0)
    max_carry_share: float = Field(default=0.5, ge=0, lt=1)
    max_text_chars: int = Field(default=8000, ge=1)
    prompt_share_of_context: float = Field(default=0.5, gt=0, le=1)


class WorkerSettings(Section):
    """The `[worker]` table: how much a worker takes on at once, and how long it keeps state.

    `in_flight` and `in_flight_mib` bound the messages that a role works on in this process at once.
    When partitions are taken away, what is in flight there has `hand_over_s` to be finished; when
    the worker is told to stop, `stop_s`.
    A role that took a window up and whose models are all away waits for them, for
    `window_deadline_s` at most; then the window is dead-lettered.
    A partition with lag that does not move for `stalled_after_s` is reported; when it stands for
    longer than its role may take, the process ends to be started afresh.
    With `head_start` a role begins its model calls while its task is still on its way through
    Kafka, if the role before it runs in the same process and it has nothing else to do.
    A worker with a `group_instance_id` keeps its partitions while it is restarted; it must be the
    only one of that name. `@host` stands for the host's name, which a container keeps.
    """

    group_instance_id: str | None = Field(default=None, pattern=r"^(@host|[a-zA-Z0-9._-]{1,200})$")
    in_flight: int = Field(default=64, ge=1, le=10_000)
    in_flight_mib: float = Field(default=64.0, gt=0)
    hand_over_s: float = Field(default=3.0, ge=0, le=60)
    stop_s: float = Field(default=8.0, ge=0, le=600)
    stalled_after_s: float = Field(default=300.0, gt=0)
    window_deadline_s: float = Field(default=600.0, gt=0)
    head_start: bool = True
    max_fallbacks: int = Field(default=3, ge=0, le=10)
    max_format_attempts: int = Field(default=2, ge=1, le=10)
    max_known_subjects: int = Field(default=200, ge=1)
    known_subjects_in_prompt: int = Field(default=24, ge=0)
    max_record_sentences: int = Field(default=200, ge=10)

    @property
    def instance(self) -> str | None:
        """The worker's name in its consumer groups, if it has one that lasts."""
        return socket.gethostname() if self.group_instance_id == "@host" else self.group_instance_id


class PolicySettings(Section):
    """The `[policy]` table: which policy decides, what it aims at, how often it may publish.

    `value_usd` is what a right answer is worth, without it a multiple of the dearest arm's price;
    95 % of the decisions of a role should take no longer than `slo_p95_s`, or than its own entry in
    `[policy.role_slo_p95_s]`. The policy `default` paces itself so that no domain spends more than
    `budget_usd` in `budget_period_s`; the `[budget]` table is what stops workers.
    """

    name: str = "default"
    seed: int = 0
    publish_interval_s: float = Field(default=0.25, gt=0)
    value_usd: float | None = Field(default=None, gt=0)
    slo_p95_s: float | None = Field(default=None, gt=0)
    role_slo_p95_s: dict[ModelRole, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    budget_usd: float | None = Field(default=None, ge=0)
    budget_period_s: float = Field(default=86_400.0, gt=0)


class JudgingSettings(Section):
    """The `[judging]` table: which arms judge answers, none if it is left out.

    The policy says which answers are judged. Of those, the share `audit_rate` is judged by a
    second judge too, which is how it becomes known whom to trust.
    """

    models: tuple[str, ...] = ()
    audit_rate: float = Field(default=0.1, ge=0, le=1)
    max_output_tokens: int = Field(default=400, ge=64)


class Config(Section):
    """A whole deployment."""

    kafka: KafkaSettings
    domains: DomainSettings = DomainSettings()
    splitter: SplitterSettings = SplitterSettings()
    worker: WorkerSettings = WorkerSettings()
    policy: PolicySettings = PolicySettings()
    judging: JudgingSettings = JudgingSettings()
    state: StateSettings = StateSettings()
    web: WebSettings = WebSettings()
    limits: dict[str, LimitSettings] = Field(default_factory=dict)
    budget: BudgetSettings = BudgetSettings()
    allowances: AllowanceSettings = AllowanceSettings()
    models: tuple[ModelSettings, ...] = ()

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [model.name for model in self.models]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"models: the name {doubled[0]!r} is used twice")
        unknown = [name for name in self.judging.models if name not in names]
        if unknown:
            raise ValueError(
                f"judging.models: {unknown[0]!r} is not declared; add its [[models]] entry "
                '(with roles = ["judge"] if it is to judge only)'
            )
        return self

    @model_validator(mode="after")
    def _groups_and_shares_fit(self) -> Self:
        for model in self.models:
            if model.limit_group is not None and model.limit_group not in self.limits:
                raise ValueError(
                    f"models.{model.name}.limit_group: there is no table "
                    f'[limits."{model.limit_group}"]; add it'
                )
        roles = [role.value for role in MODEL_ROLES]
        unknown = [role for role in self.budget.role if role not in roles]
        if unknown:
            raise ValueError(
                f"budget.role.{unknown[0]}: no such role; choose from {', '.join(roles)}"
            )
        return self
