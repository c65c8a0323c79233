"""An HTTP server with the OpenAI protocol, on bare sockets, that misbehaves on command.

The model's name says how: `oracle...` answers rightly, a fault of misbehaviour.KINDS always
commits that fault, followed by `:2` only in the first two calls for the same window. `mixed:30`
commits faults of all kinds that pass in 30 calls of 100, drawn by `--seed`. `schema-less` refuses
JSON schemas, `formless` any response format. With `--deaf` the whole server accepts connections and
answers nothing, until it is told to GET /speak on its `--control-port`; GET /hush makes it deaf,
GET /calls tells what it was asked. Run as
`python -m tests.faults.server --port N --control-port M [--tls FILE]`.
"""

import argparse
import asyncio
import json
import ssl
from collections import Counter
from random import Random
from typing import Any

from pipeline.prompt_format import parse_user
from tests.faults.misbehaviour import KINDS, Misdeed, completion, misdeed, response
from tests.scripted.answers import right_answer

MIXED = tuple(
    kind for kind in KINDS if kind not in ("unauthorized", "no-model", "no-usage", "whole")
)


class Server:
    """What was asked, and how each call is answered."""

    def __init__(self, seed: int, deaf: bool) -> None:
        self.calls: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.connections = self.waited = 0
        self._asked: Counter[str] = Counter()
        self._rng = Random(seed)
        self._hear = asyncio.Event()
        if not deaf:
            self._hear.set()

    async def connection(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            if not self._hear.is_set():
                self.waited += 1
                await self._hear.wait()
            await self._serve(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            writer.close()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if b"/speak" in line:
            self._hear.set()
        if b"/hush" in line:
            self._hear.clear()
        told = {
            "calls": self.calls,
            "kinds": self.kinds,
            "connections": self.connections,
            "waited": self.waited,
        }
        writer.write(response(200, json.dumps(told).encode()))
        await writer.drain()
        writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        if not head.startswith("POST"):
            writer.write(response(404, b"{}"))
            await writer.drain()
            return
        length = next(
            int(line.split(":")[1])
            for line in head.lower().split("\r\n")
            if line.startswith("content-length:")
        )
        body = json.loads(await reader.readexactly(length))
        deed = self._deed(body)
        writer.write(deed.data)
        await writer.drain()
        if deed.after == "reset":
            await asyncio.sleep(0.05)
            writer.transport.abort()
        elif deed.after == "hang":
            await asyncio.sleep(3600)
        while deed.after == "drip":
            writer.write(b": still here\n")
            await writer.drain()
            await asyncio.sleep(0.05)

    def _deed(self, body: dict[str, Any]) -> Misdeed:
        model, stream = body["model"], bool(body.get("stream"))
        task = parse_user(body["messages"][1]["content"])
        right = right_answer(task)
        self.calls[model] += 1
        asked = json.dumps([model, body["messages"][1]])
        self._asked[asked] += 1
        kind, _, times = model.partition(":")
        form = body.get("response_format", {}).get("type")
        refused = {"formless": form, "schema-less": form == "json_schema"}
        if refused.get(kind):
            error = {"error": {"message": "response_format is not supported"}}
            return Misdeed(response(400, json.dumps(error).encode()))
        if kind == "mixed":
            kind = self._rng.choice(MIXED) if self._rng.random() * 100 < int(times) else "oracle"
        elif times and self._asked[asked] > int(times):
            kind = "oracle"
        self.kinds[kind] += 1
        if kind not in KINDS:
            return Misdeed(completion(right, stream))
        return misdeed(kind, task, right, stream)


async def serve(options: argparse.Namespace) -> None:
    server = Server(options.seed, options.deaf)
    tls = None
    if options.tls:
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(options.tls)
    host = "127.0.0.1"
    ports = [
        await asyncio.start_server(server.connection, host, options.port, ssl=tls, backlog=512),
        await asyncio.start_server(server.control, host, options.control_port),
    ]
    await asyncio.gather(*(port.serve_forever() for port in ports))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--tls")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--deaf", action="store_true")
    asyncio.run(serve(parser.parse_args()))


if __name__ == "__main__":
    main()
