"""OpenAI's wire format, as far as the embedded models speak it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pipeline.models.embedded.arm import Answer, ChatMessage, JsonSchema

DEFAULT_MAX_TOKENS = 2048


class _Body(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Part(_Body):
    type: Literal["text"]
    text: str


class _Message(_Body):
    role: Literal["system", "developer", "user", "assistant"]
    content: str | list[_Part]


class _SchemaFormat(_Body):
    name: str
    schema_: dict[str, Any] = Field(alias="schema")


class _TextFormat(_Body):
    type: Literal["text"]


class _ObjectFormat(_Body):
    type: Literal["json_object"]


class _JsonSchemaFormat(_Body):
    type: Literal["json_schema"]
    json_schema: _SchemaFormat


class _StreamOptions(_Body):
    include_usage: bool = False


class ChatRequest(_Body):
    """The body of POST /v1/chat/completions; sampling settings are accepted and unused."""

    model: str
    messages: list[_Message] = Field(min_length=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_completion_tokens: int | None = Field(default=None, ge=1)
    stream: bool = False
    stream_options: _StreamOptions = _StreamOptions()
    n: Literal[1] = 1
    response_format: Annotated[
        _TextFormat | _ObjectFormat | _JsonSchemaFormat | None, Field(discriminator="type")
    ] = None

    @property
    def chat(self) -> tuple[ChatMessage, ...]:
        """The messages with their text parts joined."""
        return tuple(
            ChatMessage(
                role="system" if message.role == "developer" else message.role,
                content=message.content
                if isinstance(message.content, str)
                else "".join(part.text for part in message.content),
            )
            for message in self.messages
        )

    @property
    def answer_tokens(self) -> int:
        """Most tokens the answer may have."""
        return self.max_completion_tokens or self.max_tokens or DEFAULT_MAX_TOKENS

    @property
    def json_schema(self) -> JsonSchema | None:
        """The schema the answer must follow; {"type": "object"} for JSON mode."""
        if isinstance(self.response_format, _JsonSchemaFormat):
            return self.response_format.json_schema.schema_
        if isinstance(self.response_format, _ObjectFormat):
            return {"type": "object"}
        return None


def completion_body(answer: Answer, model: str, completion_id: str, at: int) -> dict[str, Any]:
    """A whole chat completion; `at` is in seconds since 1970."""
    return {
        "id": completion_id,
        "object": "chat.completion",
        "created": at,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": answer.text, "refusal": None},
                "logprobs": None,
                "finish_reason": answer.finish_reason,
            }
        ],
        "usage": usage_body(answer),
    }


def chunk_body(
    delta: dict[str, str], model: str, completion_id: str, at: int, finish_reason: str | None = None
) -> dict[str, Any]:
    """One event of a streamed completion."""
    return {
        "id": completion_id,
        "object": "chat.completion.chunk",
        "created": at,
        "model": model,
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}],
    }


def usage_body(answer: Answer) -> dict[str, Any]:
    """The tokens of an answer as OpenAI reports them."""
    return {
        "prompt_tokens": answer.prompt_tokens,
        "completion_tokens": answer.completion_tokens,
        "total_tokens": answer.prompt_tokens + answer.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": answer.cached_tokens},
    }


def error_body(message: str, kind: str, code: str | None, param: str | None) -> dict[str, Any]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}
