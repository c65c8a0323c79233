"""Which arms there are now: the configuration's, with the changes made while running on top."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from pipeline.config import ModelSettings
from schemas.pool_change import PoolChange, PoolOperation

Origin = Literal["configured", "changed", "added", "retired"]


@dataclass(frozen=True)
class Declared:
    """An arm and where its present declaration comes from."""

    settings: ModelSettings
    origin: Origin

    @property
    def live(self) -> bool:
        """Whether it may be picked."""
        return self.origin != "retired"


class DeclaredModels:
    """The declared models by name; `version` grows with every change."""

    def __init__(self, configured: Iterable[ModelSettings]) -> None:
        self._configured = {model.name: model for model in configured}
        self._changes: dict[str, PoolChange] = {}
        self._all: tuple[Declared, ...] | None = None
        self.version = 0

    def change(self, name: str, change: PoolChange | None) -> ModelSettings | None:
        """Take in the last word on an arm; None: the configuration's own entry holds again.

        Returns the arm as it is now, None if there is no such arm any more.
        """
        if change is None:
            self._changes.pop(name, None)
        else:
            self._changes[name] = change
        self._all = None
        self.version += 1
        now = self.get(name)
        return now.settings if now is not None and now.live else None

    def get(self, name: str) -> Declared | None:
        """The arm of that name, live or retired."""
        change = self._changes.get(name)
        if change is None:
            configured = self._configured.get(name)
            return None if configured is None else Declared(configured, "configured")
        configured = self._configured.get(name)
        priors = {} if configured is None else configured.role_priors
        settings = ModelSettings(**change.declaration.model_dump(), role_priors=priors)
        if change.operation is PoolOperation.RETIRE:
            return Declared(settings, "retired")
        return Declared(settings, "changed" if name in self._configured else "added")

    def all(self) -> tuple[Declared, ...]:
        """All declared models, the configured ones first."""
        if self._all is None:
            names = dict.fromkeys((*self._configured, *self._changes))
            self._all = tuple(found for name in names if (found := self.get(name)) is not None)
        return self._all

    def arms(self) -> tuple[Declared, ...]:
        """All arms, each with its batch sizes behind it."""
        return tuple(
            Declared(settings, item.origin)
            for item in self.all()
            for settings in (item.settings, *item.settings.variants)
        )

    def live(self) -> tuple[ModelSettings, ...]:
        """The declared models that may be picked."""
        return tuple(item.settings for item in self.all() if item.live)
