"""Building and serving the pool."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from pathlib import Path

import openai
import pytest

from pipeline.errors import ConfigurationError
from pipeline.models.embedded.pool import ALL_ARMS, DEFAULT_ARMS, build_arms, serve
from pipeline.models.embedded.weights import WeightSource
from tests.unit.pipeline.models.embedded.tasks import LAMP_AND_MUG, chat, finder

pytestmark = pytest.mark.embedded


def test_the_default_pool_has_at_least_four_arms() -> None:
    assert len(DEFAULT_ARMS) >= 4
    assert set(DEFAULT_ARMS) < set(ALL_ARMS)


def test_an_unknown_arm_is_named() -> None:
    with pytest.raises(ConfigurationError, match="unknown embedded model 'gpt-9'"):
        build_arms(("rules", "gpt-9"))


def test_a_larger_model_that_cannot_be_had_is_left_out_with_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(source: WeightSource, folder: Path) -> Path:
        raise ConfigurationError(f"{source.name} is gone")

    monkeypatch.setattr("pipeline.models.embedded.pool.fetch_weights", gone)
    lines: list[str] = []
    arms = build_arms(("rules", "qwen2.5-coder-0.5b"), None, tmp_path, lines.append)
    assert [arm.name for arm in arms] == ["rules"]
    assert lines == ["model qwen2.5-coder-0.5b left out: qwen2.5-coder-0.5b is gone"]


async def test_the_served_pool_answers_and_stops() -> None:
    lines: asyncio.Queue[str] = asyncio.Queue()
    stop = asyncio.Event()
    running = asyncio.create_task(
        serve("127.0.0.1", 0, ("rules", "hybrid"), report=lines.put_nowait, stop=stop)
    )
    line = await asyncio.wait_for(lines.get(), 60)
    assert line.startswith("serving rules, hybrid on http://127.0.0.1:")
    async with openai.AsyncOpenAI(base_url=line.split(" on ")[1], api_key="none") as client:
        done = await client.chat.completions.create(
            model="rules", messages=openai_chat(), max_tokens=500
        )
        assert "lamp" in (done.choices[0].message.content or "")
    stop.set()
    await asyncio.wait_for(running, 10)


async def test_a_taken_port_gives_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port}.*choose another port"):
            await serve("127.0.0.1", port, ("rules",))


def openai_chat() -> Sequence[openai.types.chat.ChatCompletionMessageParam]:
    return [{"role": "user", "content": chat(finder(LAMP_AND_MUG))[1].content}]
