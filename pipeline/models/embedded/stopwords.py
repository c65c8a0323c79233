"""Words that name nothing by themselves, per language."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources


@cache
def stopwords(lang: str) -> frozenset[str]:
    """The stop words of a language in lower case; none for a language without a list."""
    text = (resources.files(__package__) / "stopwords.toml").read_text(encoding="utf-8")
    return frozenset(tomllib.loads(text).get(lang, "").split())
