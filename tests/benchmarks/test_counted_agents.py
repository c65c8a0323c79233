"""What a sentence and a window cost an agent, Kafka aside, in calls of functions."""

import pytest

from deploy.bench.ingest import raw_text
from deploy.bench.windows import finder_task
from schemas.codec import encode
from tests.benchmarks.played import Played, splitter, topic_finder

WINDOW = 60
MOST_CALLS_A_SENTENCE = 50
MOST_CALLS_A_WINDOW = 1_230


async def split(played: Played, first_window: int, windows: int) -> int:
    seqs = range(first_window * WINDOW + 1, (first_window + windows) * WINDOW + 1)
    sentences = [(b"stream", raw_text("stream", seq, WINDOW)) for seq in seqs]
    return await played.play("raw-news", sentences)


async def test_a_sentence_costs_the_splitter_little(monkeypatch: pytest.MonkeyPatch) -> None:
    played = splitter(monkeypatch)
    await split(played, 0, 1)
    counted = await split(played, 1, 4)
    assert played.client.sent.count("windows") == 5
    assert counted / (4 * WINDOW) < MOST_CALLS_A_SENTENCE
    await played.stop()


async def test_a_window_costs_the_same_however_long_the_stream_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = splitter(monkeypatch)
    await split(played, 0, 2)
    early = await split(played, 2, 1)
    await split(played, 3, 47)
    late = await split(played, 50, 1)
    assert late < 1.1 * early
    await played.stop()


async def test_a_window_costs_a_role_little_besides_its_call(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    played = topic_finder(monkeypatch)

    async def find(first: int, count: int) -> int:
        tasks = [finder_task(n, f"stream-{n}", 64, WINDOW) for n in range(first, first + count)]
        messages = [(task.window.stream_id.encode(), encode(task)) for task in tasks]
        return await played.play("role-topic-finder", messages)

    await find(0, 64)
    counted = await find(64, 20)
    assert played.client.sent.count("role-topic-locator") == 84
    assert counted / 20 < MOST_CALLS_A_WINDOW
    await played.stop()
