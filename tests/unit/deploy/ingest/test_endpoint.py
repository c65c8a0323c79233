"""The HTTP way in, against a publisher that can be full, away, or slow."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from agents.web.access import Access
from deploy.ingest.endpoint.app import Ingest
from deploy.ingest.endpoint.publisher import FullError
from deploy.ingest.endpoint.sentences import MAX_BATCH
from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError
from schemas import RawText

PATH = "/v1/streams/shop/sentences"
TOKEN = "a-token-of-many-characters"
Client = TestClient[Any, Any]


class Recorder:
    """Keeps what is published, or fails with `error`; `gate` holds it back."""

    def __init__(self) -> None:
        self.sent: list[tuple[str, str, int]] = []
        self.error: RetryableError | None = None
        self.gate = asyncio.Event()
        self.gate.set()

    async def publish(self, kafka_topic: str, messages: Sequence[RawText]) -> None:
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.sent += [(kafka_topic, message.stream_id, message.seq) for message in messages]


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture
async def client(recorder: Recorder) -> AsyncIterator[Client]:
    kafka = KafkaSettings(bootstrap_servers="nowhere:9092", kafka_topic_prefix="p.")
    app = Ingest(kafka, ["news", "shorts"], recorder, Access(TOKEN)).application()
    async with TestClient(
        TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}
    ) as connected:
        yield connected


def batch(*seqs: int, **more: Any) -> dict[str, Any]:
    return {"sentences": [{"seq": seq, "text": f"sentence {seq}", **more} for seq in seqs]}


async def test_a_batch_is_answered_when_it_is_there_and_repeats_do_no_harm(
    client: Client, recorder: Recorder
) -> None:
    reply = await client.post(PATH, json=batch(1, 2, 5))
    assert await reply.json() == {"accepted": 3, "already_there": 0, "last_seq": 5}
    reply = await client.post(PATH, json=batch(2, 5, 6))
    assert await reply.json() == {"accepted": 1, "already_there": 2, "last_seq": 6}
    reply = await client.post(PATH + "?domain=shorts", json=batch(1))
    assert (await reply.json())["accepted"] == 1
    assert recorder.sent == [
        *(("p.raw-news", "shop", seq) for seq in (1, 2, 5, 6)),
        ("p.raw-shorts", "shop", 1),
    ]


async def test_posts_of_a_stream_keep_their_order(client: Client, recorder: Recorder) -> None:
    recorder.gate.clear()
    posts = [asyncio.create_task(client.post(PATH, json=batch(seq))) for seq in (1, 2, 3)]
    await asyncio.sleep(0.05)
    recorder.gate.set()
    await asyncio.gather(*posts)
    assert [seq for _, _, seq in recorder.sent] == [1, 2, 3]


@pytest.mark.parametrize(
    ("error", "status"), [(FullError("9 wait"), 429), (RetryableError("away"), 503)]
)
async def test_back_pressure_and_a_missing_broker_ask_to_try_again(
    client: Client, recorder: Recorder, error: RetryableError, status: int
) -> None:
    recorder.error = error
    reply = await client.post(PATH, json=batch(1))
    assert reply.status == status
    assert reply.headers["Retry-After"] == "1"
    assert str(error) in (await reply.json())["error"]
    recorder.error = None
    again = await client.post(PATH, json=batch(1))
    assert (await again.json())["accepted"] == 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "body: Invalid JSON"),
        (b"[]", "body: Input should be an object"),
        (b'{"sentences":[]}', "sentences:"),
        (b'{"sentences":[{"seq":1}]}', "sentences.0.text: Field required"),
        (b'{"sentences":[{"seq":1,"text":"a","tex":"b"}]}', "sentences.0.tex: Extra"),
        (b'{"sentences":[{"seq":-1,"text":"a"}]}', "sentences.0.seq:"),
        (b'{"sentences":[{"seq":1,"text":" "}]}', "sentences.0.text: it is empty"),
        (
            b'{"sentences":[{"seq":2,"text":"a"},{"seq":2,"text":"b"}]}',
            "sentences.1.seq: 2 comes after 2",
        ),
    ],
)
async def test_a_bad_body_is_refused_whole_with_its_place(
    client: Client, recorder: Recorder, body: bytes, says: str
) -> None:
    reply = await client.post(PATH, data=body)
    assert reply.status == 422
    assert (await reply.json())["error"].startswith(says)
    assert recorder.sent == []


async def test_too_much_at_once_is_refused(client: Client) -> None:
    assert (await client.post(PATH, json=batch(*range(MAX_BATCH + 1)))).status == 422
    assert (await client.post(PATH, json=batch(1, speaker="x" * 9_000_000))).status == 413


@pytest.mark.parametrize("header", ["", "Bearer wrong", f"Basic {TOKEN}"])
async def test_without_the_token_nothing_is_taken(
    client: Client, recorder: Recorder, header: str
) -> None:
    reply = await client.post(PATH, json=batch(1), headers={"Authorization": header})
    assert reply.status == 401
    assert recorder.sent == []


async def test_an_unknown_domain_is_named(client: Client) -> None:
    reply = await client.post(PATH + "?domain=gardening", json=batch(1))
    assert reply.status == 404
    assert "there are news, shorts" in (await reply.json())["error"]
