"""OpenTelemetry traces: a span for each message and each model call, and the context in between.

Without the SDK (extra `traces`) and an `OTEL_EXPORTER_OTLP_ENDPOINT`, all of this does nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from urllib.parse import urlsplit

from opentelemetry import propagate, trace
from opentelemetry.trace import Span, SpanKind, Status, StatusCode

from schemas.dead_letter import Source

_TRACER = trace.get_tracer("rolestream")


@contextmanager
def message_span(agent: str, source: Source, headers: Mapping[str, str]) -> Iterator[None]:
    """The span in which an agent handles a message; its parent is in the message's `headers`.

    Attributes follow OpenTelemetry's messaging conventions.
    """
    if not headers and not traces_are_kept():
        yield
        return
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.type": "process",
        "messaging.destination.name": source.kafka_topic,
        "messaging.destination.partition.id": str(source.partition),
        "messaging.kafka.offset": source.offset,
        "rolestream.agent": agent,
    }
    with _TRACER.start_as_current_span(
        f"process {source.kafka_topic}",
        context=propagate.extract(headers),
        kind=SpanKind.CONSUMER,
        attributes=attributes,
    ):
        yield


@cache
def traces_are_kept() -> bool:
    """Whether a span that is begun is recorded."""
    return not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider)


@contextmanager
def work_span(name: str) -> Iterator[None]:
    """A span of work inside the present one, or the first of a trace if there is none."""
    with _TRACER.start_as_current_span(name):
        yield


def context_headers() -> dict[str, str]:
    """The headers (`traceparent`) that carry the present span on; empty without one."""
    headers: dict[str, str] = {}
    if trace.get_current_span() is not trace.INVALID_SPAN:
        propagate.inject(headers)
    return headers


class ModelSpan:
    """A model call in a trace; None if no traces are kept."""

    def __init__(self, span: Span | None) -> None:
        self._span = span

    def answered(self, input_tokens: int, output_tokens: int, cost_usd: float) -> None:
        """Note what the call used and cost."""
        if self._span is not None:
            self._span.set_attribute("gen_ai.usage.input_tokens", input_tokens)
            self._span.set_attribute("gen_ai.usage.output_tokens", output_tokens)
            self._span.set_attribute("rolestream.cost_usd", cost_usd)


_UNTRACED = ModelSpan(None)


class TracedModel:
    """The spans of calls to one arm. Attributes follow OpenTelemetry's `gen_ai.*` conventions."""

    def __init__(self, arm: str, endpoint_model: str, base_url: str) -> None:
        address = urlsplit(base_url)
        self._name = f"chat {endpoint_model}"
        self._attributes: dict[str, str | int] = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "openai",
            "gen_ai.request.model": endpoint_model,
            "server.address": address.hostname or "",
            "rolestream.arm": arm,
        }
        if address.port is not None:
            self._attributes["server.port"] = address.port

    @contextmanager
    def call(self) -> Iterator[ModelSpan]:
        """The span of one call; a failure is noted by its kind, never with the request."""
        if not traces_are_kept():
            yield _UNTRACED
            return
        with _TRACER.start_as_current_span(
            self._name,
            kind=SpanKind.CLIENT,
            attributes=self._attributes,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield ModelSpan(span)
            except Exception as error:
                span.set_attribute("error.type", type(error).__name__)
                span.set_status(Status(StatusCode.ERROR))
                raise
