"""Reads a price as it was said off the sentences of a subject."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from pipeline.models.embedded.numbers import NUMBER_WORDS

_WORDS: Final = "|".join(sorted(NUMBER_WORDS, key=len, reverse=True))
_SPOKEN: Final = rf"(?:{_WORDS})(?:[ -](?:and )?(?:{_WORDS}))*"
_WESTERN: Final = re.compile(
    rf"[$£€¥] ?\d[\d.,]*\d|[$£€¥] ?\d"
    rf"|\b(?:\d[\d.,]*|{_SPOKEN}) ?"
    r"(?:dollars?|pounds?|euros?|bucks?|pesos?|rupees?|ringgit|quid|рубл\w*|тысяч\w* рубл\w*)",
    re.IGNORECASE,
)
_CHINESE: Final = re.compile(
    "[0-9零一二两三四五六七八九十百千万.点]+多?(?:块|元)(?:钱|[0-9一二三四五六七八九])?"
)


def last_price(texts: Sequence[str], lang: str) -> str | None:
    """The last amount of money said, in the words it was said in; None if there is none."""
    pattern = _CHINESE if lang == "zh" else _WESTERN
    said = [match[0].strip() for text in texts for match in pattern.finditer(text)]
    return said[-1] if said else None
