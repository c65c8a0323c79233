"""Tells the language of a text by its script, and which languages put spaces between words."""

import re
from functools import lru_cache

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f]")
_CYRILLIC_WORD = re.compile(r"[\u0400-\u052f]+")
_LATIN_WORD = re.compile(r"[A-Za-z\u00c0-\u024f]+")

_UNSPACED = frozenset({"bo", "dz", "ja", "km", "lo", "my", "th", "yue", "zh"})


def detect_lang(text: str) -> str:
    """Tell the language of `text` by its script: `zh`, `ru`, or `en` for everything else.

    A Han character weighs as much as a word of an alphabet, so that Latin brand names do not turn
    a Chinese or Russian sentence into an English one.
    """
    han = len(_HAN.findall(text))
    cyrillic = len(_CYRILLIC_WORD.findall(text))
    latin = len(_LATIN_WORD.findall(text))
    if han and han >= latin and han >= cyrillic:
        return "zh"
    if cyrillic and 2 * cyrillic >= latin:
        return "ru"
    return "en"


def primary_language(tag: str) -> str:
    """The language of a BCP 47 tag: `zh` for `zh-CN`; empty if it names none."""
    return re.split("[-_]", tag.strip().lower(), maxsplit=1)[0]


@lru_cache(maxsize=256)
def is_spaced(lang: str) -> bool:
    """Whether `lang` (a BCP 47 tag such as `zh-CN`) is written with spaces between words."""
    return primary_language(lang) not in _UNSPACED
