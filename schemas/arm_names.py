"""Names of arms: that of a declared model, and those of its further batch sizes, `NAME@SIZE`."""

import re

_BATCHED = re.compile(r"(.+)@([0-9]+)")


def batched_name(base: str, size: int) -> str:
    """The arm that is the model `base` with `size` subjects a call."""
    return f"{base}@{size}"


def base_of(name: str) -> str:
    """The declared model behind an arm: the arm itself, unless it is a batch size of another."""
    parts = _BATCHED.fullmatch(name)
    return name if parts is None else parts[1]


def size_in(name: str) -> int | None:
    """The batch size that an arm's name says, None for a declared model."""
    parts = _BATCHED.fullmatch(name)
    return None if parts is None else int(parts[2])
