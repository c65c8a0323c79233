"""What an endpoint takes of the protocol; learned from its refusals where it is not declared."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from pipeline.config import ModelSettings

Structured = Literal["json_schema", "json_object", "none"]
STRUCTURED_MODES: tuple[Structured, ...] = ("json_schema", "json_object", "none")


@dataclass(frozen=True)
class Dialect:
    """How requests are put to one endpoint.

    `undecided` while `structured` may still step down; without `bounds` schemas lose those that
    differ from window to window.
    """

    structured: Structured
    bounds: bool = True
    undecided: bool = False
    stream: bool = True
    counts_in_stream: bool = True
    limit_name: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    temperature: bool = True

    @classmethod
    def declared(cls, settings: ModelSettings) -> "Dialect":
        """The dialect to begin with."""
        if settings.structured == "auto":
            return cls("json_schema", settings.schema_bounds, undecided=True)
        return cls(settings.structured, settings.schema_bounds)

    def parameters(self, json_schema: dict[str, Any], max_tokens: int) -> dict[str, Any]:
        """The parameters of a request, beside its model and messages."""
        found: dict[str, Any] = {self.limit_name: max_tokens}
        if self.temperature:
            found["temperature"] = 0.0
        if self.structured == "json_schema":
            schema = json_schema if self.bounds else without_bounds(json_schema)
            answer = {"name": "answer", "strict": True, "schema": schema}
            found["response_format"] = {"type": "json_schema", "json_schema": answer}
        elif self.structured == "json_object":
            found["response_format"] = {"type": "json_object"}
        if self.stream:
            found["stream"] = True
            if self.counts_in_stream:
                found["stream_options"] = {"include_usage": True}
        return found

    def after_refusal(self, said: str) -> "Dialect | None":
        """What to try after the endpoint refused a request's form and `said` why; None if nothing

        is left to try. Every step is taken once at most.
        """
        words = said.lower()
        if "max_completion_tokens" in words and self.limit_name == "max_tokens":
            return replace(self, limit_name="max_completion_tokens")
        if "temperature" in words and self.temperature:
            return replace(self, temperature=False)
        if "stream_options" in words and self.stream and self.counts_in_stream:
            return replace(self, counts_in_stream=False)
        if "stream" in words and "stream_options" not in words and self.stream:
            return replace(self, stream=False)
        if self.undecided and self.structured != "none":
            weaker = STRUCTURED_MODES[STRUCTURED_MODES.index(self.structured) + 1]
            return replace(self, structured=weaker)
        return None

    def proved(self) -> "Dialect":
        """The same, decided: a request put like this was answered."""
        return replace(self, undecided=False)


def without_bounds(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema without its upper bounds of numbers and lists."""
    found: dict[str, Any] = {}
    for word, value in schema.items():
        if word in ("maximum", "maxItems"):
            continue
        if word == "properties":
            value = {name: without_bounds(inner) for name, inner in value.items()}
        elif word == "items":
            value = without_bounds(value)
        found[word] = value
    return found
