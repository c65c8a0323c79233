"""The only place that speaks to model endpoints: the official openai client, one per base URL."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, cast

import openai
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionMessageParam

from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.completion import (
    Completion,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pipeline.models.prices import cost_usd
from pipeline.models.reply import TokenCounts, read_reply

_CHARS_PER_TOKEN = 3


class ModelClient:
    """Calls one arm's endpoint; `environ` holds the API keys."""

    def __init__(
        self, settings: ModelSettings, clock: Clock, environ: Mapping[str, str] | None = None
    ) -> None:
        environ = os.environ if environ is None else environ
        self.settings = settings
        self._clock = clock
        key = "none"
        if settings.api_key_env is not None:
            if not environ.get(settings.api_key_env):
                raise ConfigurationError(
                    f"models.{settings.name}: the environment variable {settings.api_key_env} "
                    "with its API key is not set"
                )
            key = environ[settings.api_key_env]
        self._client = AsyncOpenAI(
            base_url=settings.base_url,
            api_key=key,
            timeout=settings.timeout_s,
            max_retries=settings.max_retries,
        )

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call. Raises RetryableError or ModelRefusedError; never a provider's exception."""
        request: dict[str, Any] = {
            "model": self.settings.endpoint_model,
            "messages": cast(
                list[ChatCompletionMessageParam],
                [{"role": role, "content": content} for role, content in messages],
            ),
            "max_tokens": min(max_output_tokens, self.settings.max_output_tokens),
            "temperature": 0.0,
        }
        response_format = self._response_format(json_schema)
        if response_format is not None:
            request["response_format"] = response_format
        started = self._clock.monotonic()
        name = self.settings.name
        try:
            reply = await self._client.chat.completions.create(**request)
            text, counts = read_reply(reply)
        except openai.APITimeoutError:
            raise ModelTimeoutError(
                f"{name}: no answer within {self.settings.timeout_s:g} s"
            ) from None
        except openai.APIConnectionError:
            raise ModelUnavailableError(f"{name}: cannot reach {self.settings.base_url}") from None
        except openai.RateLimitError:
            raise ModelRateLimitedError(f"{name}: rate limited (429)") from None
        except openai.APIStatusError as error:
            if error.status_code >= 500:
                raise ModelUnavailableError(
                    f"{name}: the endpoint failed ({error.status_code})"
                ) from None
            raise ModelRefusedError(f"{name}: refused ({error.status_code})") from None
        except (openai.APIError, ValueError):
            raise ModelUnavailableError(f"{name}: the endpoint's reply is no completion") from None
        return self._completion(text, counts, messages, self._clock.monotonic() - started)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    def _response_format(self, json_schema: Mapping[str, Any]) -> dict[str, Any] | None:
        if self.settings.structured == "json_schema":
            schema = {"name": "answer", "strict": True, "schema": dict(json_schema)}
            return {"type": "json_schema", "json_schema": schema}
        if self.settings.structured == "json_object":
            return {"type": "json_object"}
        return None

    def _completion(
        self,
        text: str,
        counts: TokenCounts | None,
        messages: Sequence[tuple[str, str]],
        latency_s: float,
    ) -> Completion:
        counted_by = "estimate" if counts is None else "usage"
        if counts is None:
            asked = sum(len(content) for _, content in messages)
            counts = TokenCounts(asked // _CHARS_PER_TOKEN, 0, len(text) // _CHARS_PER_TOKEN)
        return Completion(
            text=text,
            input_tokens=counts.input,
            cached_tokens=counts.cached,
            output_tokens=counts.output,
            tokens_counted_by=counted_by,
            latency_s=latency_s,
            first_token_s=None,
            cost_usd=cost_usd(self.settings, *counts),
        )
