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

    Sentence counts are for languages written with spaces and without; `max_age_s` flushes a quiet
    stream; `max_carry_share` bounds what a cut may hold back, so that every cut makes progress.
    """

    window_sentences: int = Field(default=60, ge=1, le=2000)
    window_sentences_unspaced: int = Field(default=120, ge=1, le=2000)
    max_age_s: float = Field(default=30.0, gt=0)
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
    organizer_batch_sentences: int = Field(default=60, ge=1)


class PolicySettings(Section):
    """The `[policy]` table: which policy decides and how often it may publish."""

    name: str = "paper"
    seed: int = 0
    publish_interval_s: float = Field(default=0.25, gt=0)
    epsilon: float | None = Field(default=None, ge=0, le=1)


class Config(Section):
    """A whole deployment."""

    kafka: KafkaSettings
    domains: DomainSettings = DomainSettings()
    splitter: SplitterSettings = SplitterSettings()
    worker: WorkerSettings = WorkerSettings()
    policy: PolicySettings = PolicySettings()
    models: tuple[ModelSettings, ...] = ()

    @model_validator(mode="after")
    def _names_are_unique(self) -> Self:
        names = [model.name for model in self.models]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"models: the name {doubled[0]!r} is used twice")
        return self
