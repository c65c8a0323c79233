"""Checks a value against the few JSON Schema words that the role prompts use."""

from collections.abc import Mapping
from typing import Any

_TYPES: dict[str, Any] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "null": type(None),
}
_WORDS = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "minItems",
    "maxItems",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "enum",
    "description",
}


def violations(value: Any, schema: Mapping[str, Any], where: str = "answer") -> list[str]:
    """What in `value` the schema does not allow, one line each."""
    assert set(schema) <= _WORDS, set(schema) - _WORDS
    declared = schema["type"]
    types = [declared] if isinstance(declared, str) else declared
    if isinstance(value, bool) or not isinstance(value, tuple(_TYPES[name] for name in types)):
        return [f"{where}: {value!r} is no {declared}"]
    found = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is not among {schema['enum']}")
    if isinstance(value, dict):
        found += _object(value, schema, where)
    elif isinstance(value, list):
        found += _size(len(value), schema, "Items", where)
        for index, item in enumerate(value):
            found += violations(item, schema["items"], f"{where}[{index}]")
    elif isinstance(value, str):
        found += _size(len(value), schema, "Length", where)
    elif isinstance(value, int) and not (
        schema.get("minimum", value) <= value <= schema.get("maximum", value)
    ):
        found.append(f"{where}: {value} is out of range")
    return found


def _object(value: dict[str, Any], schema: Mapping[str, Any], where: str) -> list[str]:
    known = schema["properties"]
    found = [f"{where}: {name} is missing" for name in schema["required"] if name not in value]
    assert schema["additionalProperties"] is False
    for name, item in value.items():
        if name in known:
            found += violations(item, known[name], f"{where}.{name}")
        else:
            found.append(f"{where}: {name} is not allowed")
    return found


def _size(size: int, schema: Mapping[str, Any], word: str, where: str) -> list[str]:
    if schema.get(f"min{word}", 0) <= size <= schema.get(f"max{word}", size):
        return []
    return [f"{where}: {size} {word.lower()} are too few or too many"]
