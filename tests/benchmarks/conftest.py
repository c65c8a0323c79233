"""Counts of calls are the same whatever other tests have left behind in the process."""

import gc
import logging
from collections.abc import Iterator

import pytest
from opentelemetry.trace import NoOpTracer


@pytest.fixture(autouse=True)
def undisturbed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """No log lines, no traces, no collection of garbage with what hooks into it."""
    monkeypatch.setattr("pipeline.tracing._TRACER", NoOpTracer())
    for module in ("pipeline.tracing", "agents.chunk_splitter"):
        monkeypatch.setattr(f"{module}.traces_are_kept", lambda: False)
    logging.disable(logging.CRITICAL)
    gc.disable()
    yield
    gc.enable()
    logging.disable(logging.NOTSET)
