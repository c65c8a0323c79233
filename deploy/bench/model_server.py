"""A model endpoint for benches: right answers, each after a set time, at little cost to itself.

Run as `python -m deploy.bench.model_server --port N --latency-s S --spread X`; with a spread the
time is lognormal with mean S and X as the deviation of its logarithm. With `--parts N` an answer
that is asked for as a stream comes in N parts, 5 ms apart, the first after that time.

GET /replies gives when each reply went out, on this machine's monotonic clock; GET /spent gives the
seconds that the replies to a role on a window took, by `role|first sentence`. It speaks HTTP by
itself: a web framework would cost more than what is measured.
"""

import argparse
import asyncio
import json
import math
import time
from collections import defaultdict
from hashlib import blake2b
from random import Random
from typing import Any, Final

from deploy.bench.right_answers import right_answer
from pipeline.prompt_format import parse_user

_MOST_REMEMBERED: Final = 4096
_BETWEEN_PARTS_S: Final = 0.005
_HEAD: Final = b"HTTP/1.1 %s\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


class Models:
    """What is answered, how late, and when it was."""

    def __init__(self, latency_s: float, spread: float, parts: int = 0) -> None:
        self._parts = parts
        self._latency_s = latency_s
        self._spread = spread
        self._rng = Random(7)  # noqa: S311 - a latency, no secret
        self._ready: dict[bytes, tuple[list[bytes], str]] = {}
        self.replies: list[float] = []
        self.spent: defaultdict[str, list[float]] = defaultdict(list)

    def delay_s(self) -> float:
        """How long the next answer takes."""
        if not self._spread:
            return self._latency_s
        middle = math.log(self._latency_s) - self._spread**2 / 2
        return self._rng.lognormvariate(middle, self._spread)

    def reply(self, body: bytes) -> tuple[list[bytes], str]:
        """The reply to a request in its parts, and the role and first sentence it is about."""
        digest = blake2b(body, digest_size=16).digest()
        known = self._ready.get(digest)
        if known is None:
            if len(self._ready) >= _MOST_REMEMBERED:
                self._ready.clear()
            known = self._ready[digest] = self._made(body)
        return known

    def _made(self, body: bytes) -> tuple[list[bytes], str]:
        request = json.loads(body)
        task = parse_user(request["messages"][1]["content"])
        text = right_answer(task)
        asked = sum(len(message["content"]) for message in request["messages"]) // 4
        message = {"role": "assistant", "content": text}
        completion = {
            "id": "bench",
            "object": "chat.completion",
            "created": 0,
            "model": request["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {
                "prompt_tokens": asked,
                "completion_tokens": len(text) // 4,
                "total_tokens": asked + len(text) // 4,
            },
        }
        about = f"{task.role}|{task.sentences[0][1]}"
        if self._parts and request.get("stream"):
            return _streamed(completion, text, self._parts), about
        return [_response(json.dumps(completion).encode())], about


class Connection(asyncio.Protocol):
    """One client; requests on it come one after the other."""

    def __init__(self, models: Models) -> None:
        self._models = models
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep where to write."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - what a server is given
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer the request once it is whole."""
        self._buffer += data
        head, found, rest = self._buffer.partition(b"\r\n\r\n")
        if not found or len(rest) < (length := _content_length(head)):
            return
        self._buffer = rest[length:]
        method_and_path = head.split(b" ", 2)[:2]
        if method_and_path == [b"POST", b"/v1/chat/completions"]:
            self._complete(rest[:length])
        elif method_and_path == [b"GET", b"/replies"]:
            self._write(_response(json.dumps(self._models.replies).encode()))
        elif method_and_path == [b"GET", b"/spent"]:
            self._write(_response(json.dumps(self._models.spent).encode()))
        else:
            self._write(_response(b'{"object":"list","data":[]}'))

    def _complete(self, body: bytes) -> None:
        came_s = time.monotonic()
        try:
            reply, about = self._models.reply(body)
        except (ValueError, KeyError, IndexError) as error:
            told = json.dumps({"error": {"message": f"not a role task: {error}"}}).encode()
            self._write(_response(told, b"400 Bad Request"))
            return

        loop = asyncio.get_running_loop()

        def send(part: int = 0) -> None:
            self._write(reply[part])
            if part + 1 < len(reply):
                loop.call_later(_BETWEEN_PARTS_S, send, part + 1)
                return
            now_s = time.monotonic()
            self._models.replies.append(now_s)
            self._models.spent[about].append(now_s - came_s)

        loop.call_later(self._models.delay_s(), send)

    def _write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)


def _response(body: bytes, status: bytes = b"200 OK") -> bytes:
    return _HEAD % (status, len(body)) + body


def _streamed(completion: dict[str, Any], text: str, parts: int) -> list[bytes]:
    size = -(-len(text) // parts)
    said: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "delta": {"content": text[start : start + size]}}]}
        for start in range(0, len(text), size)
    ]
    ending = [{"index": 0, "delta": {}, "finish_reason": "stop"}]
    said.append({"choices": ending, "usage": completion["usage"]})
    common = {"id": "bench", "object": "chat.completion.chunk", "model": completion["model"]}
    events = [b"data: " + json.dumps({**common, **event}).encode() + b"\n\n" for event in said]
    events.append(b"data: [DONE]\n\n")
    whole = _HEAD % (b"200 OK", sum(map(len, events)))
    return [whole.replace(b"application/json", b"text/event-stream") + events[0], *events[1:]]


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


async def serve(port: int, models: Models) -> None:
    """Serve on the loopback address until the process ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(models), "127.0.0.1", port, backlog=4096)
    await server.serve_forever()


def main() -> None:
    """Read the options and serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--latency-s", type=float, default=0.2)
    parser.add_argument("--spread", type=float, default=0.0)
    parser.add_argument("--parts", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(serve(options.port, Models(options.latency_s, options.spread, options.parts)))


if __name__ == "__main__":
    main()
