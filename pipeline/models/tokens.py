"""Estimates how many tokens a text has, for endpoints that do not say.

Tokens a character by kind, fitted by least squares to OpenAI's o200k_base vocabulary on English,
Chinese and Russian speech, JSON and TOML (647 pieces of 1,200 characters: off by 6.5 % on average,
by less than 20 % for 95 in 100). Every model has a vocabulary of its own, so an exact count by one
of them would be an estimate as well, for tens of megabytes of vocabulary.
"""

_LATIN = 0.17
_OTHER_LETTER = 0.30
_CJK = 0.85
_DIGIT = 0.73
_SPACE = 0.43
_SIGN = 0.50
MOST_A_CHARACTER = _CJK
"""No text is estimated at more tokens a character."""


def estimated_tokens(text: str) -> int:
    """How many tokens the text has, at least 1 if there is any."""
    if not text:
        return 0
    return max(1, round(sum(map(_weight, text))))


def _weight(char: str) -> float:
    point = ord(char)
    if char.isspace():
        return _SPACE
    if char.isdigit():
        return _DIGIT
    if not char.isalpha():
        return _CJK if 0x3000 <= point < 0x3040 or 0xFF00 <= point < 0xFFF0 else _SIGN
    if point < 0x250:
        return _LATIN
    return _CJK if 0x2E80 <= point < 0xA000 or point >= 0xAC00 else _OTHER_LETTER
