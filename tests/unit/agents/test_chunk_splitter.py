"""A sentence that was read before its partition went is not buffered for the time after it."""

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest

from agents import changelog
from agents.changelog import Entry
from agents.chunk_splitter import ChunkSplitter
from pipeline.clock import ManualClock
from pipeline.config import KafkaSettings, SplitterSettings
from pipeline.domains import load_domains
from schemas.codec import encode
from schemas.messages import RawText
from tests.unit.agents.test_delivery import Events, settle


class Reading:
    """A changelog that is empty, and read only as far as it is let."""

    def __init__(self) -> None:
        self.go = asyncio.Event()

    async def read(self, *_: Any) -> AsyncIterator[Entry]:
        await self.go.wait()
        for nothing in ():
            yield nothing


async def test_a_sentence_is_not_acknowledged_as_a_repetition_of_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reading = Reading()
    monkeypatch.setattr(changelog, "read_to_end", reading.read)
    taken: list[Any] = []
    forgets: list[Any] = []
    role_app: Any = SimpleNamespace(
        kafka=KafkaSettings(bootstrap_servers="b:1"),
        outbox=None,
        clock=ManualClock(),
        delivery=SimpleNamespace(refuses=False),
        raw_agent=lambda topics, body: taken.append(body),
        follow_partitions=forgets.append,
        app=SimpleNamespace(task=lambda work: None),
    )
    events = Events("raw-news")
    role_app.done = events.done
    domains = load_domains(())
    ChunkSplitter(
        role_app, {"news": domains["news"]}, SplitterSettings(), lambda: None, keep_s=60.0
    )
    value = encode(RawText(stream_id="s", seq=1, text="Rain is expected."))
    consuming = asyncio.create_task(taken[0](events))
    events.put(7, value=value)
    await settle()
    for forget in forgets:
        forget({0})
    reading.go.set()
    await settle()
    events.put(7, value=value)
    await settle()
    assert events.acked == []
    consuming.cancel()
    await asyncio.gather(consuming, return_exceptions=True)
