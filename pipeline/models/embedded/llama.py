"""Arms that run instruct models by llama.cpp, their answers bound to the JSON schema."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from pipeline.domains import Domain
from pipeline.errors import ConfigurationError, RetryableError
from pipeline.models.embedded.arm import Answer, ChatMessage, ContextLengthError, JsonSchema
from pipeline.models.embedded.compact import compact
from pipeline.models.embedded.role_arm import holds_task, read_task

_SEED: Final = 7


class ChatEngine(Protocol):
    """llama.cpp's own chat handler; xllamacpp's Server has it."""

    def handle_chat_completions(self, body: dict[str, Any]) -> Mapping[str, Any]:
        """Answer a chat completion body, or say what is wrong under `error`."""


class LlamaArm:
    """One model with one slot: answers come one after another."""

    workers = 1

    def __init__(
        self,
        name: str,
        engine: ChatEngine,
        context_tokens: int,
        compact_for: Mapping[str, Domain] | None = None,
    ) -> None:
        self.name = name
        self._compact_for = compact_for
        self.context_tokens = context_tokens
        self._engine = engine
        self._lock = threading.Lock()

    def answer(
        self, messages: Sequence[ChatMessage], json_schema: JsonSchema | None, max_tokens: int
    ) -> Answer:
        """Run the model, greedily; an arm with `compact_for` shortens role tasks first."""
        if self._compact_for is not None and holds_task(messages):
            short = compact(read_task(messages), self._compact_for)
            answer = self._run(
                short.messages, min(max_tokens, short.max_tokens), {"grammar": short.grammar}
            )
            return replace(answer, text=short.to_json(answer.text), finish_reason="stop")
        if json_schema is None:
            return self._run(messages, max_tokens, {})
        form = {"name": "answer", "strict": True, "schema": dict(json_schema)}
        bound = {"response_format": {"type": "json_schema", "json_schema": form}}
        return self._run(messages, max_tokens, bound)

    def _run(
        self, messages: Sequence[ChatMessage], max_tokens: int, bounds: Mapping[str, Any]
    ) -> Answer:
        body = {
            "messages": [{"role": m.role, "content": m.content} for m in messages],
            "max_tokens": max_tokens,
            "temperature": 0.0,
            "seed": _SEED,
            "cache_prompt": True,
            **bounds,
        }
        with self._lock:
            reply = self._engine.handle_chat_completions(body)
        return _answer(reply, self.context_tokens)


def load_engine(weights: Path, context_tokens: int, threads: int) -> ChatEngine:
    """llama.cpp with the weights of a gguf file; takes a second or two.

    Raises ConfigurationError if its package is not installed.
    """
    # Threads that wait must not spin: they starve whatever else runs on the machine.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    os.environ.setdefault("GOMP_SPINCOUNT", "0")
    try:
        import xllamacpp
    except ImportError:
        raise ConfigurationError(
            "the package xllamacpp is not installed: pip install xllamacpp"
        ) from None

    params = xllamacpp.CommonParams()
    params.model.path = str(weights)
    params.n_ctx = context_tokens
    params.n_parallel = 1
    params.cache_ram_mib = 0
    params.cpuparams.n_threads = threads
    params.cpuparams_batch.n_threads = threads
    params.verbosity = -1
    engine: ChatEngine = xllamacpp.Server(params)
    return engine


def _answer(reply: Mapping[str, Any], context_tokens: int) -> Answer:
    error = reply.get("error")
    if error:
        if error.get("type") == "exceed_context_size_error":
            raise ContextLengthError(int(error.get("n_prompt_tokens", 0)), context_tokens)
        raise RetryableError(f"llama.cpp gave no answer: {error.get('message', error)}")
    choice = reply["choices"][0]
    usage = reply["usage"]
    details = usage.get("prompt_tokens_details") or {}
    return Answer(
        text=choice["message"].get("content") or "",
        prompt_tokens=int(usage["prompt_tokens"]),
        completion_tokens=int(usage["completion_tokens"]),
        finish_reason="length" if choice["finish_reason"] == "length" else "stop",
        cached_tokens=int(details.get("cached_tokens", 0)),
    )
