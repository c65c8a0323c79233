"""The one configuration file: its tables and their defaults."""

from pathlib import Path
from typing import Self

from pydantic import Field, model_validator

from pipeline.config.kafka import KafkaSettings, Section
from pipeline.config.models import ModelSettings


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
    """The `[worker]` table: how much a worker takes on at once, and how long it keeps state."""

    in_flight: int = Field(default=64, ge=1, le=10_000)
    max_fallbacks: int = Field(default=3, ge=0, le=10)
    max_format_attempts: int = Field(default=2, ge=1, le=10)
    max_known_subjects: int = Field(default=200, ge=1)
    known_subjects_in_prompt: int = Field(default=24, ge=0)
    max_record_sentences: int = Field(default=200, ge=10)


class PolicySettings(Section):
    """The `[policy]` table: which policy decides, what it aims at, how often it may publish.

    `value_usd` is what a right answer is worth, without it a multiple of the dearest arm's price;
    95 % of the decisions of a role should take no longer than `slo_p95_s`.
    """

    name: str = "thompson"
    seed: int = 0
    publish_interval_s: float = Field(default=0.25, gt=0)
    value_usd: float | None = Field(default=None, gt=0)
    slo_p95_s: float | None = Field(default=None, gt=0)


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
