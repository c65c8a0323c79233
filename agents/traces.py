"""Sends a process's traces where `OTEL_EXPORTER_OTLP_ENDPOINT` says, if it says so."""

import os
from collections.abc import Callable

from pipeline.errors import ConfigurationError
from pipeline.tracing import traces_are_kept

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


def start_traces(service: str) -> Callable[[], None]:
    """Begin to send traces as `service`; returns what sends the rest and ends it.

    All of OpenTelemetry's own environment variables hold (sampling, headers, limits). Raises
    ConfigurationError if an endpoint is named and the SDK is not installed.
    """
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return lambda: None
    try:
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError as error:
        raise ConfigurationError(
            f"{_ENDPOINTS[0]} is set and {error.name} is missing: pip install 'rolestream[traces]'"
        ) from None
    provider = TracerProvider(resource=Resource.create({"service.name": service}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
    traces_are_kept.cache_clear()
    return provider.shutdown
