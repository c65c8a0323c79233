"""The server over real HTTP, asked by the official openai client."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence

import openai
import pytest
from aiohttp import ClientSession
from aiohttp.test_utils import TestServer

from pipeline.errors import InvalidInputError, RetryableError
from pipeline.models.embedded.arm import Answer, ChatMessage, ContextLengthError, JsonSchema
from pipeline.models.embedded.server import build_app

LONG = "word " * 200


class ScriptedArm:
    """Echoes the last message; remembers what it was asked; can be held up."""

    name = "echo"
    context_tokens = 100
    workers = 1

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[ChatMessage], JsonSchema | None, int]] = []
        self.gate = threading.Event()
        self.gate.set()

    def answer(
        self, messages: Sequence[ChatMessage], json_schema: JsonSchema | None, max_tokens: int
    ) -> Answer:
        assert self.gate.wait(10)
        self.asked.append((messages, json_schema, max_tokens))
        text = messages[-1].content
        if text == LONG:
            raise ContextLengthError(400, self.context_tokens)
        if text == "nonsense":
            raise InvalidInputError("this is no task")
        if text == "asleep":
            raise RetryableError("no memory now")
        if text == "broken":
            raise RuntimeError("secret path /srv/model")
        return Answer(text, 11, 7, "length" if text == "cut" else "stop", cached_tokens=3)


@pytest.fixture
def arm() -> ScriptedArm:
    return ScriptedArm()


@pytest.fixture
async def server(arm: ScriptedArm) -> AsyncIterator[TestServer]:
    other = ScriptedArm()
    other.name = "other"
    async with TestServer(build_app((arm, other), clock=lambda: 1_700_000_000.0)) as running:
        yield running


@pytest.fixture
async def client(server: TestServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(
        base_url=str(server.make_url("/v1")), api_key="none", max_retries=0
    ) as made:
        yield made


async def test_a_completion_has_text_usage_and_a_reason(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "hello 你好"}]
    )
    assert done.choices[0].message.content == "hello 你好"
    assert done.choices[0].finish_reason == "stop"
    assert done.model == "echo"
    assert done.created == 1_700_000_000
    assert done.usage is not None
    assert (done.usage.prompt_tokens, done.usage.completion_tokens) == (11, 7)
    assert done.usage.total_tokens == 18
    assert done.usage.prompt_tokens_details is not None
    assert done.usage.prompt_tokens_details.cached_tokens == 3


async def test_a_cut_answer_says_so(client: openai.AsyncOpenAI) -> None:
    done = await client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "cut"}]
    )
    assert done.choices[0].finish_reason == "length"


async def test_messages_schema_and_limit_reach_the_arm(
    client: openai.AsyncOpenAI, arm: ScriptedArm
) -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    await client.chat.completions.create(
        model="echo",
        messages=[
            {"role": "developer", "content": "rules"},
            {
                "role": "user",
                "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}],
            },
        ],
        max_completion_tokens=33,
        temperature=0.2,
        seed=1,
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
    messages, given, limit = arm.asked[0]
    assert messages == (ChatMessage("system", "rules"), ChatMessage("user", "ab"))
    assert given == schema
    assert limit == 33


async def test_json_mode_asks_for_any_object(client: openai.AsyncOpenAI, arm: ScriptedArm) -> None:
    await client.chat.completions.create(
        model="echo",
        messages=[{"role": "user", "content": "{}"}],
        response_format={"type": "json_object"},
        max_tokens=5,
    )
    assert arm.asked[0][1:] == ({"type": "object"}, 5)


async def test_streaming_gives_the_same_text_in_pieces_and_the_usage(
    client: openai.AsyncOpenAI,
) -> None:
    text = "长长的句子" * 60
    stream = await client.chat.completions.create(
        model="echo",
        messages=[{"role": "user", "content": text}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    pieces = [c.choices[0].delta.content or "" for c in chunks if c.choices]
    assert "".join(pieces) == text
    assert len([piece for piece in pieces if piece]) > 1
    assert [c.choices[0].finish_reason for c in chunks if c.choices][-1] == "stop"
    assert chunks[-1].usage is not None
    assert chunks[-1].usage.total_tokens == 18


async def test_streaming_without_options_sends_no_usage(client: openai.AsyncOpenAI) -> None:
    stream = await client.chat.completions.create(
        model="echo", messages=[{"role": "user", "content": "a"}], stream=True
    )
    assert all(chunk.usage is None and chunk.choices for chunk in [c async for c in stream])


async def test_models_are_listed_and_found(client: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in client.models.list()] == ["echo", "other"]
    assert (await client.models.retrieve("echo")).owned_by == "rolestream"
    with pytest.raises(openai.NotFoundError):
        await client.models.retrieve("nobody")


async def test_an_unknown_model_is_not_found(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        await client.chat.completions.create(
            model="nobody", messages=[{"role": "user", "content": "a"}]
        )
    assert caught.value.code == "model_not_found"
    assert "echo, other" in str(caught.value)


async def test_a_too_long_prompt_is_named_as_such(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": LONG}]
        )
    assert caught.value.code == "context_length_exceeded"
    assert "100 tokens" in str(caught.value)


async def test_what_the_arm_cannot_read_is_a_bad_request(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.BadRequestError, match="this is no task"):
        await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "nonsense"}]
        )


async def test_a_fault_of_the_arm_is_a_server_error_without_inner_details(
    client: openai.AsyncOpenAI,
) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "broken"}]
        )
    assert "secret" not in str(caught.value)
    assert "the server's log says why" in str(caught.value)


async def test_a_passing_fault_says_that_it_passes(client: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as caught:
        await client.chat.completions.create(
            model="echo", messages=[{"role": "user", "content": "asleep"}]
        )
    assert (caught.value.status_code, caught.value.code) == (503, "model_unavailable")


@pytest.mark.parametrize(
    ("body", "where"),
    [
        (b"{", "JSON"),
        (b"[]", "object"),
        (b'{"model":"echo"}', "messages"),
        (b'{"model":"echo","messages":[]}', "messages"),
        (b'{"model":"echo","messages":[{"role":"king","content":"a"}]}', "role"),
        (b'{"model":"echo","messages":[{"role":"user","content":1}]}', "content"),
        (b'{"model":"echo","messages":[{"role":"user","content":"a"}],"max_tokens":0}', "max_t"),
        (b'{"model":"echo","messages":[{"role":"user","content":"a"}],"n":2}', "n:"),
        (b"\xff\xfe", "JSON"),
    ],
)
async def test_a_bad_body_is_refused_with_the_place(
    server: TestServer, body: bytes, where: str
) -> None:
    async with ClientSession() as session:
        reply = await session.post(server.make_url("/v1/chat/completions"), data=body)
        assert reply.status == 400
        error = (await reply.json())["error"]
    assert error["type"] == "invalid_request_error"
    assert where in error["message"]


async def test_other_paths_and_methods_answer_in_the_same_shape(server: TestServer) -> None:
    async with ClientSession() as session:
        missing = await session.get(server.make_url("/v2"))
        wrong = await session.get(server.make_url("/v1/chat/completions"))
        assert (missing.status, wrong.status) == (404, 405)
        assert (await missing.json())["error"]["type"] == "invalid_request_error"


async def test_health_names_the_models(server: TestServer) -> None:
    async with ClientSession() as session:
        reply = await session.get(server.make_url("/health"))
        assert json.loads(await reply.text()) == {"status": "ok", "models": ["echo", "other"]}


async def test_a_busy_arm_blocks_neither_the_server_nor_other_arms(
    client: openai.AsyncOpenAI, arm: ScriptedArm
) -> None:
    arm.gate.clear()
    slow = asyncio.create_task(
        client.chat.completions.create(model="echo", messages=[{"role": "user", "content": "a"}])
    )
    try:
        await client.models.list()
        await client.chat.completions.create(
            model="other", messages=[{"role": "user", "content": "b"}]
        )
        assert not slow.done()
    finally:
        arm.gate.set()
    assert (await slow).choices[0].message.content == "a"
