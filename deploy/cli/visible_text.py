"""Makes text of the stream safe to print: what would steer a terminal becomes visible."""

import re

# C0 without the newline, DEL, C1, the characters that reorder or hide text, lone surrogates.
_STEERING = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
_JSON_STEERING = re.compile(r"[\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def visible(text: str) -> str:
    """Replace control characters by escapes such as `\\x1b`; only the newline stays."""
    return _STEERING.sub(_escape, text)


def visible_line(text: str) -> str:
    """Like `visible`, with the newline escaped too: the text cannot fake lines of its own."""
    return visible(text).replace("\n", "\\n")


def visible_json(text: str) -> str:
    """Replace the control characters that JSON may hold raw; the JSON keeps its meaning."""
    return _JSON_STEERING.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _escape(match: re.Match[str]) -> str:
    code = ord(match[0])
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
