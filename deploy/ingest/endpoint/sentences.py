"""What a client posts: a batch of sentences of one stream."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from deploy.ingest.reader import MAX_TEXT_BYTES
from pipeline.errors import InvalidInputError
from schemas import RawText

MAX_BATCH = 1_000


class PostedSentence(BaseModel):
    """A RawText without its stream; unknown fields are refused, for they are mostly misspelt."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seq: int
    text: str
    at: datetime | None = None
    lang: str | None = None
    speaker: str | None = None
    end: bool = False


class PostedBatch(BaseModel):
    """The body of a post: `{"sentences": [{"seq": 1, "text": "..."}]}`; seq must increase."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sentences: tuple[PostedSentence, ...] = Field(min_length=1, max_length=MAX_BATCH)


def messages_of(stream_id: str, body: bytes) -> list[RawText]:
    """The messages in a body. Raises InvalidInputError with one line that names the place."""
    try:
        batch = PostedBatch.model_validate_json(body)
    except ValidationError as error:
        raise InvalidInputError(_first_problem(error)) from None
    messages = []
    last = -1
    for index, posted in enumerate(batch.sentences):
        try:
            message = RawText(stream_id=stream_id, **posted.model_dump())
        except ValidationError as error:
            raise InvalidInputError(f"sentences.{index}.{_first_problem(error)}") from None
        if message.seq <= last:
            raise InvalidInputError(
                f"sentences.{index}.seq: {message.seq} comes after {last}: it must increase"
            )
        last = message.seq
        if not message.text.strip() and not message.end:
            raise InvalidInputError(f"sentences.{index}.text: it is empty")
        size = len(message.text.encode("utf-8", "surrogatepass"))
        if size > MAX_TEXT_BYTES:
            raise InvalidInputError(
                f"sentences.{index}.text: it has {size} bytes, a message holds {MAX_TEXT_BYTES}"
            )
        messages.append(message)
    return messages


def _first_problem(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])[:200] or "body"
    return f"{place}: {first['msg']}"
