"""Messages to bytes and back, with one-line errors."""

from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

ModelT = TypeVar("ModelT", bound=BaseModel)

_MAX_PLACE = 200


class DecodeError(ValueError):
    """Bytes that are not the message they should be; the text says which field and why."""


def encode(message: BaseModel) -> bytes:
    """The message as UTF-8 JSON, fields in declared order."""
    # What `model_dump_json` makes a text of.
    return message.__pydantic_serializer__.to_json(message)


def decode(model: type[ModelT], value: bytes | None) -> ModelT:
    """Parse `value` as `model`.

    Raises DecodeError with one line that names the first wrong fields.
    """
    if value is None:
        raise DecodeError(f"{model.__name__}: the message has no value (a tombstone)")
    try:
        # What `model_validate_json` calls, once for each message there is.
        return cast(ModelT, model.__pydantic_validator__.validate_json(value))
    except ValidationError as error:
        raise DecodeError(f"{model.__name__}: {_first_problems(error)}") from None


def _first_problems(error: ValidationError, most: int = 3) -> str:
    details = error.errors(include_url=False, include_input=False, include_context=False)
    lines = [f"{_place(detail['loc'])}: {detail['msg']}" for detail in details[:most]]
    if len(details) > most:
        lines.append(f"and {len(details) - most} more")
    return " ".join("; ".join(lines).splitlines())


def _place(steps: tuple[int | str, ...]) -> str:
    # The name of an unknown field is the sender's: it may be long and hold line breaks.
    return ".".join(str(step) for step in steps)[:_MAX_PLACE] or "value"
