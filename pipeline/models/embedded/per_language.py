"""Values that are built once a language, on first use."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerLanguage(Generic[T]):
    """`build(lang)` for the languages that were asked for; safe to use from several threads."""

    def __init__(self, build: Callable[[str], T]) -> None:
        self._build = build
        self._built: dict[str, T] = {}
        self._lock = threading.Lock()

    def __getitem__(self, lang: str) -> T:
        with self._lock:
            if lang not in self._built:
                self._built[lang] = self._build(lang)
            return self._built[lang]
