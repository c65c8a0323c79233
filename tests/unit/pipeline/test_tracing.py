"""Spans of messages and model calls: parents from headers, attributes, and no text of a request."""

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from pipeline.tracing import TracedModel, context_headers, message_span, traces_are_kept
from schemas.dead_letter import Source


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    """Keeps the spans of one test; OpenTelemetry's own provider can only be set once a process."""
    kept = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    with monkeypatch.context() as patched:
        patched.setattr("opentelemetry.trace.get_tracer_provider", lambda: provider)
        patched.setattr("pipeline.tracing._TRACER", provider.get_tracer("rolestream"))
        traces_are_kept.cache_clear()
        assert traces_are_kept()
        yield kept
    traces_are_kept.cache_clear()
    assert not traces_are_kept()


def test_a_message_continues_the_trace_of_its_headers(exporter: InMemorySpanExporter) -> None:
    with message_span("chunk-splitter", Source(kafka_topic="raw-news", partition=0, offset=7), {}):
        headers = context_headers()
    assert set(headers) == {"traceparent"}
    with (
        message_span(
            "topic-finder", Source(kafka_topic="role-topic-finder", partition=1, offset=3), headers
        ),
        TracedModel("large", "large-2026", "https://models.example:8443/v1").call() as span,
    ):
        span.answered(120, 30, 0.004)
    first, call, second = exporter.get_finished_spans()
    traces = {found.context.trace_id for found in (first, call, second) if found.context}
    assert len(traces) == 1
    assert second.parent is not None
    assert first.context is not None
    assert second.parent.span_id == first.context.span_id
    assert call.parent is not None
    assert second.context is not None
    assert call.parent.span_id == second.context.span_id
    assert dict(call.attributes or {}) == {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "large-2026",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "rolestream.arm": "large",
        "rolestream.cost_usd": 0.004,
        "server.address": "models.example",
        "server.port": 8443,
    }


def test_a_failure_is_noted_by_its_kind_alone(exporter: InMemorySpanExporter) -> None:
    with pytest.raises(TimeoutError), TracedModel("a", "b", "http://127.0.0.1/v1").call():
        raise TimeoutError("with sk-secret in its text")
    (call,) = exporter.get_finished_spans()
    assert (call.attributes or {})["error.type"] == "TimeoutError"
    assert not call.status.is_ok
    assert "sk-secret" not in call.to_json()


def test_headers_that_are_no_context_begin_a_new_trace(exporter: InMemorySpanExporter) -> None:
    with message_span(
        "chunk-splitter",
        Source(kafka_topic="raw-news", partition=0, offset=7),
        {"traceparent": "nonsense\x00"},
    ):
        pass
    (span,) = exporter.get_finished_spans()
    assert span.parent is None
