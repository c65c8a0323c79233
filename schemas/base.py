"""What all messages share: frozen, versioned, and strict about unknown fields."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA_VERSION: Final = 1
ONLY_WHERE_USED: Final = "x-only-where-used"
"""Marks a field in the JSON Schema that is written only where it says something. Readers that do
not know it yet refuse those messages, and understand all others."""

StreamId = Annotated[str, Field(min_length=1, max_length=200)]
Seq = Annotated[int, Field(ge=0, le=2**63 - 1)]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]


class Part(BaseModel):
    """A piece of a message of ours; unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_inf_nan="constants")


class Message(Part):
    """A whole message of ours, with its schema version."""

    schema_version: Literal[1] = SCHEMA_VERSION
