"""What the misbehaving endpoint sends: the bytes of each fault."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any, Literal

from pipeline.prompt_format import TaskPrompt

After = Literal["close", "reset", "hang", "drip"]


@dataclass(frozen=True)
class Misdeed:
    """Bytes to send, then what to do with the connection."""

    data: bytes
    after: After = "close"


def response(
    status: int, body: bytes, content_type: str = "application/json", **headers: str
) -> bytes:
    """A whole HTTP response."""
    lines = [f"HTTP/1.1 {status} x", f"Content-Type: {content_type}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def completion(text: str, stream: bool, finish: str = "stop", usage: bool = True) -> bytes:
    """A completion that says `text`, streamed in three parts or whole."""
    counts = {"prompt_tokens": 400, "completion_tokens": max(len(text) // 4, 1)}
    if not stream:
        choice = {"index": 0, "message": {"role": "assistant", "content": text}}
        reply: dict[str, Any] = {"id": "x", "choices": [{**choice, "finish_reason": finish}]}
        return response(200, json.dumps({**reply, "usage": counts if usage else None}).encode())
    third = len(text) // 3 + 1
    events = [_event(text[place : place + third]) for place in range(0, len(text), third)]
    events.append(_event("", finish))
    if usage:
        events.append({"id": "x", "choices": [], "usage": counts})
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    return response(200, body.encode(), "text/event-stream")


def misdeed(kind: str, task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    """The fault `kind`, instead of the answer `right`."""
    return _MISDEEDS[kind](task, right, stream)


def _event(text: str, finish: str | None = None) -> dict[str, Any]:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return {"id": "x", "choices": [choice]}


def _error(status: int, code: str, message: str, **headers: str) -> Misdeed:
    body = json.dumps({"error": {"code": code, "message": message}}).encode()
    return Misdeed(response(status, body, **headers))


def _rate_limit_date(*_: object) -> Misdeed:
    # A second is the date's resolution, so that this asks for one to two seconds.
    at = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    return _error(429, "rate_limit", "slow down", Retry_After=at)


def _reset(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    whole = completion(right, stream)
    return Misdeed(whole[: len(whole) * 2 // 3], "reset")


def _drip(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    head = b"HTTP/1.1 200 x\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    return Misdeed(head, "drip")


def _truncated(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    body = completion(right, False).split(b"\r\n\r\n", 1)[1]
    return Misdeed(response(200, body[: len(body) // 2]))


def _outside(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    value = json.loads(right)
    for span in value.get("spans", ()):
        span["last"] = 9999
    for item in value.get("items", ()):
        item["id"] = 9999
    for name in ("subjects", "same"):
        if name in value:
            value[name] = [{"name": 7}, [0, 9999]]
    return Misdeed(completion(json.dumps(value), stream))


def _invented(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    value = json.loads(right)
    for subject in value.get("subjects", ()):
        subject["name"] = f"the one and only {subject['name']}"
    return Misdeed(completion(json.dumps(value), stream))


def _foreign(task: TaskPrompt, right: str, stream: bool) -> Misdeed:
    value = json.loads(right)
    for subject in value.get("subjects", ()):
        subject["name"] = "一只杯子"
    for item in value.get("items", ()):
        item["categories"] = ["事实"]
    text = json.dumps(value, ensure_ascii=False)
    if "spans" in value or "same" in value:
        text = "很高兴为您服务。请问您想了解什么？"
    return Misdeed(completion(text, stream))


def _half(finish: str) -> Callable[[TaskPrompt, str, bool], Misdeed]:
    return lambda task, right, stream: Misdeed(completion(right[: len(right) // 2], stream, finish))


_MISDEEDS: dict[str, Callable[[TaskPrompt, str, bool], Misdeed]] = {
    "rate-limit": lambda *_: _error(429, "rate_limit", "slow down"),
    "rate-limit-seconds": lambda *_: _error(429, "rate_limit", "slow down", Retry_After="1"),
    "rate-limit-date": _rate_limit_date,
    "rate-limit-long": lambda *_: _error(429, "rate_limit", "slow down", Retry_After="30"),
    "http-500": lambda *_: _error(500, "server_error", "out of order"),
    "http-502": lambda *_: Misdeed(
        response(502, b"<html><h1>Bad gateway</h1></html>", "text/html")
    ),
    "reset": _reset,
    "hang": lambda *_: Misdeed(b"", "hang"),
    "drip": _drip,
    "empty": lambda *_: Misdeed(response(200, b"")),
    "truncated": _truncated,
    "wrong-shape": lambda task, right, stream: Misdeed(completion('{"answer": 42}', stream)),
    "outside": _outside,
    "invented": _invented,
    "foreign": _foreign,
    "huge": lambda task, right, stream: Misdeed(completion("x" * 1_000_000, stream)),
    "unauthorized": lambda *_: _error(401, "invalid_api_key", "wrong key: sk-secret"),
    "no-model": lambda *_: _error(404, "model_not_found", "The model does not exist"),
    "filter": lambda task, right, stream: Misdeed(completion("", stream, "content_filter")),
    "filter-400": lambda *_: _error(400, "content_filter", "The prompt was flagged"),
    "too-long": lambda *_: _error(
        400, "context_length_exceeded", "This model's maximum context length is 4096 tokens"
    ),
    "length": _half("length"),
    "no-usage": lambda task, right, stream: Misdeed(completion(right, stream, usage=False)),
    "whole": lambda task, right, stream: Misdeed(completion(right, False)),
}
KINDS = tuple(_MISDEEDS)
"""Every fault by name; the last two are right answers, put in an unusual way."""
