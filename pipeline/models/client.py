"""The only place that speaks to model endpoints: the official openai client, one per arm."""

import asyncio
import json
import os
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import openai
import orjson

from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnavailableError,
    Spent,
)
from pipeline.models.dialect import Dialect
from pipeline.models.faults import fault_of_status
from pipeline.models.prices import cost_usd
from pipeline.models.reply import Reply, ReplyReader, TokenCounts
from pipeline.models.sdk import ChatClient
from pipeline.models.tokens import estimated_tokens
from pipeline.tracing import TracedModel

CONNECT_TIMEOUT_S = 10.0
"""How long a provider may take to accept a connection, or to answer whether it is there."""
_CHARS_PER_TOKEN = 16
_BYTES_PER_TOKEN = 1024
_ALWAYS_READ = 65_536
_MOST_ADAPTATIONS = 6


class ModelClient:
    """Calls one arm's endpoint; `environ` holds the API keys."""

    def __init__(
        self, settings: ModelSettings, clock: Clock, environ: Mapping[str, str] | None = None
    ) -> None:
        environ = os.environ if environ is None else environ
        self.settings = settings
        self.dialect = Dialect.declared(settings)
        self._clock = clock
        key = "none"
        if settings.api_key_env is not None:
            if not environ.get(settings.api_key_env):
                raise ConfigurationError(
                    f"models.{settings.name}: the environment variable {settings.api_key_env} "
                    "with its API key is not set"
                )
            key = environ[settings.api_key_env]
        self._connect_s = min(CONNECT_TIMEOUT_S, settings.timeout_s)
        self._client = ChatClient(settings.base_url, key, settings.timeout_s, self._connect_s)
        self._traced = TracedModel(settings.name, settings.endpoint_model, settings.base_url)

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call, at most `timeout_s` from its start to its last byte.

        Raises a ModelFaultError or ModelRefusedError; never a provider's exception.
        """
        settings = self.settings
        call = _Call(settings, self._clock, messages, max_output_tokens)
        with self._traced.call() as span:
            try:
                async with asyncio.timeout(settings.timeout_s):
                    completion = await self._attempt(call, dict(json_schema))
            except TimeoutError:
                raise call.broken(
                    ModelTimeoutError, f"no answer within {settings.timeout_s:g} s"
                ) from None
            span.answered(completion.input_tokens, completion.output_tokens, completion.cost_usd)
            return completion

    async def reach(self) -> None:
        """Ask the provider for its list of models; any answer at all shows that it is there.

        Raises a ModelFaultError if there is none.
        """
        call = _Call(self.settings, self._clock, (), 0)
        try:
            async with (
                asyncio.timeout(self._connect_s),
                self._client.models.with_streaming_response.list(),
            ):
                pass
        except openai.APIStatusError:
            return
        except (TimeoutError, openai.APITimeoutError):
            said = f"{self.settings.base_url} gives no answer within {self._connect_s:g} s"
            raise ModelTimeoutError(f"{self.settings.name}: {said}") from None
        except openai.APIConnectionError as error:
            raise call.unreachable(error) from None
        except openai.APIError:
            return

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _attempt(self, call: "_Call", json_schema: dict[str, Any]) -> Completion:
        before = self.dialect
        for _ in range(_MOST_ADAPTATIONS):
            dialect = self.dialect
            try:
                completion = await self._send(call, dialect, json_schema)
            except openai.APIStatusError as error:
                said = _said(error)
                fault = fault_of_status(
                    self.settings,
                    error.status_code,
                    error.response.headers,
                    said,
                    self._clock.now(),
                )
                other = None
                if isinstance(fault, ModelRefusedError) and fault.because == "form":
                    other = dialect.after_refusal(said)
                if other is None:
                    self.dialect = before if before.undecided else self.dialect
                    raise fault from None
                if self.dialect == dialect:
                    self.dialect = other
                continue
            except openai.APITimeoutError:
                said = f"no answer within {self.settings.timeout_s:g} s"
                raise call.broken(ModelTimeoutError, said) from None
            except openai.APIConnectionError as error:
                raise call.unreachable(error) from None
            except ConnectionError:
                raise call.broken(ModelUnavailableError, "the connection broke off") from None
            except (openai.APIError, ValueError) as error:
                said = str(error) if type(error) is ValueError else "the reply is no completion"
                raise call.broken(ModelUnavailableError, said) from None
            if self.dialect == dialect:
                self.dialect = dialect.proved()
            return completion
        raise ModelUnavailableError(f"{self.settings.name}: no form of request suits the endpoint")

    async def _send(
        self, call: "_Call", dialect: Dialect, json_schema: dict[str, Any]
    ) -> Completion:
        request: dict[str, Any] = {
            "model": self.settings.endpoint_model,
            "messages": [{"role": role, "content": content} for role, content in call.messages],
            **dialect.parameters(json_schema, call.most_tokens),
        }
        call.begin()
        reply = await self._client.ask(_json(request))
        call.answered = True
        try:
            async for data in reply:
                call.feed(data)
                if call.reader.full:
                    break
        finally:
            await reply.aclose()
        return call.completion(call.reader.end())


class _Call:
    """One call as far as it has come."""

    def __init__(
        self,
        settings: ModelSettings,
        clock: Clock,
        messages: Sequence[tuple[str, str]],
        max_output_tokens: int,
    ) -> None:
        self.messages = messages
        self.most_tokens = min(max_output_tokens, settings.max_output_tokens)
        self._settings = settings
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Set out, or set out again in another form."""
        self.answered = False
        self.reader = ReplyReader(
            _ALWAYS_READ + _CHARS_PER_TOKEN * self.most_tokens,
            _ALWAYS_READ + _BYTES_PER_TOKEN * self.most_tokens,
        )
        self._started_s = self._clock.monotonic()
        self._first_token_s: float | None = None

    def feed(self, data: bytes) -> None:
        """Take a part of the reply."""
        self.reader.feed(data)
        if self._first_token_s is None and self.reader.streamed and self.reader.text:
            self._first_token_s = self._clock.monotonic() - self._started_s

    def completion(self, reply: Reply) -> Completion:
        """The call, finished; at the prices of its start."""
        counts = reply.counts or self._estimate()
        return Completion(
            text=reply.text,
            input_tokens=counts.input,
            cached_tokens=counts.cached,
            output_tokens=counts.output,
            tokens_counted_by="estimate" if reply.counts is None else "usage",
            latency_s=self._clock.monotonic() - self._started_s,
            first_token_s=self._first_token_s,
            cost_usd=cost_usd(self._settings, *counts),
            finish=reply.finish,
        )

    def broken(self, kind: type[ModelFaultError], said: str) -> ModelFaultError:
        """The error for a call that came to no end: an answer that had begun is paid for."""
        spent = Spent()
        if self.reader.text:
            counts = self._estimate()
            spent = Spent(counts.input, counts.output, cost_usd(self._settings, *counts))
        return kind(f"{self._settings.name}: {said}", spent=spent, answered=self.answered)

    def unreachable(self, error: openai.APIConnectionError) -> ModelFaultError:
        """The error for a connection that failed or broke off."""
        if self.answered:
            return self.broken(ModelUnavailableError, "the connection broke off")
        where = self._settings.base_url
        if _of_certificate(error):
            said = f"the certificate of {where} is not trusted; check base_url, or SSL_CERT_FILE"
            return ModelMisconfiguredError(f"{self._settings.name}: {said}", "certificate")
        return self.broken(ModelUnavailableError, f"cannot reach {where}")

    def _estimate(self) -> TokenCounts:
        asked = sum(estimated_tokens(content) for _, content in self.messages)
        return TokenCounts(asked, 0, estimated_tokens(self.reader.text))


def _json(request: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(request)
    except TypeError:
        # Text with unpaired surrogates, which only JSON's own escapes can carry.
        return json.dumps(request).encode()


def _said(error: openai.APIStatusError) -> str:
    return f"{error.code or ''} {error.param or ''} {error.message}"[:4000]


def _of_certificate(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, ssl.SSLError) or "CERTIFICATE_VERIFY_FAILED" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False
