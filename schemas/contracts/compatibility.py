"""Which changes of a JSON Schema would break those who read or write messages today."""

from collections.abc import Iterator, Mapping
from typing import Any

from schemas.base import ONLY_WHERE_USED

Schema = Mapping[str, Any]

_SAYS_NOTHING = {"title", "description", "default", "examples", "$id", "$schema", "$defs"}
_UNORDERED = {"required", "enum", "type", "anyOf", "oneOf", "allOf"}


def breaking_changes(old: Schema, new: Schema) -> list[str]:
    """One line for each change after which old and new processes no longer understand each other.

    Both directions count, for they run side by side during an upgrade. So an object that refuses
    unknown fields may neither gain nor lose any, unless a new one is marked to be written only
    where it is used; one that ignores them may gain optional ones.
    """
    return list(_compare(old, new, old, new, "", frozenset()))


def _compare(
    old: Any, new: Any, old_root: Schema, new_root: Schema, where: str, seen: frozenset[str]
) -> Iterator[str]:
    if not (isinstance(old, Mapping) and isinstance(new, Mapping)):
        if old != new:
            yield f"{where or 'value'}: was {old!r}, is {new!r}"
        return
    if "$ref" in old and "$ref" in new:
        step = f"{old['$ref']} {new['$ref']}"
        if step in seen:
            return
        seen |= {step}
    old, new = _resolved(old, old_root), _resolved(new, new_root)
    for word in sorted({*old, *new} - _SAYS_NOTHING - {"properties"}):
        yield from _word(word, old, new, old_root, new_root, where, seen)
    yield from _properties(old, new, old_root, new_root, where, seen)


def _word(
    word: str,
    old: Schema,
    new: Schema,
    old_root: Schema,
    new_root: Schema,
    where: str,
    seen: frozenset[str],
) -> Iterator[str]:
    before, after = old.get(word), new.get(word)
    place = f"{where or 'value'}: {word}"
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _compare(before, after, old_root, new_root, f"{where}[{word}]", seen)
    elif word in _UNORDERED and isinstance(before, list) and isinstance(after, list):
        left = [_key(item) for item in before]
        right = [_key(item) for item in after]
        if sorted(left) != sorted(right):
            yield f"{place} was {sorted(left)}, is {sorted(right)}"
        else:
            for item in before:
                twin = after[right.index(_key(item))]
                if isinstance(item, Mapping):
                    yield from _compare(item, twin, old_root, new_root, where, seen)
    elif before != after:
        yield f"{place} was {before!r}, is {after!r}"


def _properties(
    old: Schema,
    new: Schema,
    old_root: Schema,
    new_root: Schema,
    where: str,
    seen: frozenset[str],
) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    closed = old.get("additionalProperties") is False
    for name in sorted({*before, *after}):
        place = f"{where}.{name}" if where else name
        if name not in after:
            yield f"{place}: is gone"
        elif name not in before:
            if closed and not after[name].get(ONLY_WHERE_USED):
                yield f"{place}: is new, and readers of today refuse unknown fields"
        else:
            yield from _compare(before[name], after[name], old_root, new_root, place, seen)


def _resolved(schema: Schema, root: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target: Any = root
    for step in str(schema["$ref"]).removeprefix("#/").split("/"):
        target = target[step]
    return {**target, **{word: value for word, value in schema.items() if word != "$ref"}}


def _key(item: Any) -> str:
    """What tells members of a list apart: a reference by its name, anything else by its words."""
    if isinstance(item, Mapping):
        if "$ref" in item:
            return str(item["$ref"])
        return str(item.get("type", sorted(item)))
    return repr(item)
