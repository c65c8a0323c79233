"""The HTTP server in front of the arms: chat completions, the model list and a health check."""

from __future__ import annotations

import asyncio
import json
import logging
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from aiohttp import web
from pydantic import ValidationError

from pipeline.errors import InvalidInputError, RetryableError
from pipeline.models.embedded.arm import Answer, Arm, ContextLengthError
from pipeline.models.embedded.wire import (
    ChatRequest,
    chunk_body,
    completion_body,
    error_body,
    usage_body,
)

_LOG: Final = logging.getLogger(__name__)
_MAX_BODY_BYTES: Final = 16 * 1024 * 1024
_PIECE_CHARACTERS: Final = 64

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class _ApiError(Exception):
    """A refusal that the client gets in OpenAI's shape."""

    def __init__(
        self, status: int, message: str, code: str | None = None, param: str | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        kind = "server_error" if status >= 500 else "invalid_request_error"
        self.body = error_body(message, kind, code, param)


class _Desk:
    """Answers requests: one pool of threads an arm, so that a slow arm blocks no other."""

    def __init__(self, arms: Sequence[Arm], clock: Callable[[], float]) -> None:
        self._arms: Mapping[str, Arm] = {arm.name: arm for arm in arms}
        self._threads = {
            arm.name: ThreadPoolExecutor(arm.workers, thread_name_prefix=arm.name) for arm in arms
        }
        self._clock = clock
        self._started_at = int(clock())

    async def close(self) -> None:
        for threads in self._threads.values():
            threads.shutdown(wait=False, cancel_futures=True)

    async def health(self, _request: web.Request) -> web.Response:
        return web.json_response({"status": "ok", "models": sorted(self._arms)})

    async def models(self, _request: web.Request) -> web.Response:
        rows = [self._model_row(arm) for arm in self._arms.values()]
        return web.json_response({"object": "list", "data": rows})

    async def model(self, request: web.Request) -> web.Response:
        return web.json_response(self._model_row(self._arm(request.match_info["name"])))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await _read(request)
        arm = self._arm(body.model)
        answer = await self._answer(arm, body)
        completion_id, at = f"chatcmpl-{uuid.uuid4().hex}", int(self._clock())
        if not body.stream:
            return web.json_response(completion_body(answer, arm.name, completion_id, at))
        events = _events(answer, arm.name, completion_id, at, body.stream_options.include_usage)
        return await _send_events(request, events)

    async def _answer(self, arm: Arm, body: ChatRequest) -> Answer:
        try:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads[arm.name],
                arm.answer,
                body.chat,
                body.json_schema,
                body.answer_tokens,
            )
        except ContextLengthError as error:
            raise _ApiError(400, str(error), "context_length_exceeded", "messages") from None
        except InvalidInputError as error:
            raise _ApiError(400, str(error), param="messages") from None
        except RetryableError as error:
            raise _ApiError(503, str(error), "model_unavailable") from None

    def _arm(self, name: str) -> Arm:
        if name not in self._arms:
            raise _ApiError(
                404,
                f"The model '{name}' does not exist; served are {', '.join(sorted(self._arms))}.",
                "model_not_found",
                "model",
            )
        return self._arms[name]

    def _model_row(self, arm: Arm) -> dict[str, Any]:
        return {
            "id": arm.name,
            "object": "model",
            "created": self._started_at,
            "owned_by": "rolestream",
            "context_length": arm.context_tokens,
        }


def build_app(arms: Sequence[Arm], clock: Callable[[], float] = time.time) -> web.Application:
    """The application that serves `arms` by their names."""
    desk = _Desk(arms, clock)
    app = web.Application(middlewares=[_errors], client_max_size=_MAX_BODY_BYTES)
    app.router.add_get("/health", desk.health)
    app.router.add_get("/v1/models", desk.models)
    app.router.add_get("/v1/models/{name}", desk.model)
    app.router.add_post("/v1/chat/completions", desk.chat)

    async def close(_app: web.Application) -> None:
        await desk.close()

    app.on_cleanup.append(close)
    return app


@web.middleware
async def _errors(request: web.Request, handler: _Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except _ApiError as error:
        return web.json_response(error.body, status=error.status)
    except web.HTTPException as error:
        message = f"{request.method} {request.path}: {error.reason}"
        shaped = error_body(message, "invalid_request_error", None, None)
        return web.json_response(shaped, status=error.status)
    except Exception:
        _LOG.exception("an embedded model failed on %s %s", request.method, request.path)
        shaped = error_body(
            "The model failed; the server's log says why.", "server_error", None, None
        )
        return web.json_response(shaped, status=500)


async def _read(request: web.Request) -> ChatRequest:
    try:
        return ChatRequest.model_validate_json(await request.read())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        text = f"{where}: {first['msg']}" if where else first["msg"]
        raise _ApiError(400, text, "invalid_body", where or None) from None


async def _events(
    answer: Answer, model: str, completion_id: str, at: int, with_usage: bool
) -> AsyncIterator[dict[str, Any]]:
    yield chunk_body({"role": "assistant", "content": ""}, model, completion_id, at)
    for start in range(0, len(answer.text), _PIECE_CHARACTERS):
        piece = answer.text[start : start + _PIECE_CHARACTERS]
        yield chunk_body({"content": piece}, model, completion_id, at)
    yield chunk_body({}, model, completion_id, at, answer.finish_reason)
    if with_usage:
        last = chunk_body({}, model, completion_id, at)
        yield {**last, "choices": [], "usage": usage_body(answer)}


async def _send_events(
    request: web.Request, events: AsyncIterator[dict[str, Any]]
) -> web.StreamResponse:
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
    )
    await response.prepare(request)
    async for event in events:
        await response.write(f"data: {json.dumps(event, ensure_ascii=False)}\n\n".encode())
    await response.write(b"data: [DONE]\n\n")
    await response.write_eof()
    return response
