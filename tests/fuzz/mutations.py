"""Random and mutated messages: a valid one that was bent, or bytes of no meaning at all."""

import json
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from pydantic import BaseModel

from schemas.codec import encode

_ODD: tuple[Any, ...] = (
    *(None, True, -1, 0, 2**63, 2**200, -1e308, 1e400, "", "\0", "x" * 20_000, "é\u202e𝒳\ud83d"),
    *(
        [],
        {},
        [[]],
        {"a": {"b": []}},
        "../../etc/passwd",
        "<script>alert(1)</script>",
        "2026-99-99",
    ),
)


def mutated(
    messages: Mapping[str, BaseModel], rng: Random, count: int
) -> Iterator[tuple[str, Any]]:
    """`count` times a Kafka topic and a value: each topic's own message bent, or noise."""
    names = sorted(messages)
    for number in range(count):
        name = names[number % len(names)]
        yield name, _bent(encode(messages[name]), rng)


def _bent(value: bytes, rng: Random) -> bytes | None:
    kind = rng.randrange(8)
    if kind == 0:
        return rng.randbytes(rng.choice((0, 1, 7, 200, 5000)))
    if kind == 1:
        return value[: rng.randrange(len(value))]
    if kind == 2:
        place = rng.randrange(len(value))
        return value[:place] + rng.randbytes(rng.randint(1, 4)) + value[place + 1 :]
    if kind == 3:
        return rng.choice(
            (None, b"null", b"[" * 5000, b"9" * 5000, b'"\\ud800"', b"\xef\xbb\xbf{}")
        )
    content = json.loads(value)
    if isinstance(content.get("window"), dict):
        # A window that was done before would be passed over.
        content["window"]["window_id"] = f"{rng.getrandbits(96):024x}"
    for _ in range(rng.randint(0, 3)):
        content = _changed(content, rng)
    return json.dumps(content).encode("utf-8", "surrogatepass")


def _changed(content: Any, rng: Random) -> Any:
    """The content with one place in it gone, odd, doubled or new."""
    if isinstance(content, dict) and content:
        name = rng.choice(sorted(content))
        if rng.random() < 0.6 and isinstance(content[name], dict | list) and content[name]:
            return {**content, name: _changed(content[name], rng)}
        action = rng.randrange(3)
        if action == 0:
            return {key: value for key, value in content.items() if key != name}
        if action == 1:
            return {**content, "unheard_of": rng.choice(_ODD)}
        return {**content, name: rng.choice(_ODD)}
    if isinstance(content, list) and content:
        place = rng.randrange(len(content))
        if rng.random() < 0.3:
            return [*content, content[place]]
        return [*content[:place], _changed(content[place], rng), *content[place + 1 :]]
    return rng.choice(_ODD)
