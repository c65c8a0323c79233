"""The answer log's entry: a finished model call that must never be paid for twice."""

from datetime import datetime
from typing import Literal, NamedTuple

from pydantic import Field

from schemas.base import Fraction, Message, Name, NonNegative
from schemas.rewards import RunKind
from schemas.roles import Role

Finish = Literal["stop", "length", "content_filter", "cut"]
"""Why an answer ends: the model was done, out of tokens, held back, or cut off by the reader."""

JUDGMENT = "judge-"
"""How the prompt version of a judgment begins; judgments are logged beside the answers."""


class LoggedAnswer(Message):
    """One finished call on `answers`, key = `answer_key`, written before its result is used."""

    window_id: str
    domain: Name
    stream_id: str
    role: Role
    model: Name
    prompt_version: str
    input_digest: str
    decision_id: str
    kind: RunKind
    propensity: Fraction
    policy: str
    assignment_version: int = Field(ge=0)
    text: str
    input_tokens: int = Field(ge=0)
    cached_tokens: int = Field(ge=0)
    output_tokens: int = Field(ge=0)
    tokens_counted_by: str
    latency_s: NonNegative
    first_token_s: NonNegative | None = None
    cost_usd: NonNegative
    finish: Finish = "stop"
    at: datetime

    @property
    def key(self) -> str:
        """The compaction key."""
        return answer_key(
            self.stream_id,
            self.window_id,
            self.role,
            self.model,
            self.prompt_version,
            self.input_digest,
        )


def answer_key(
    stream_id: str, window_id: str, role: Role, model: str, prompt_version: str, input_digest: str
) -> str:
    """The compaction key of an answer: same window, role, arm, prompt and input, same answer."""
    return "|".join((window_id, role.value, model, prompt_version, input_digest, stream_id))


class AnswerPlace(NamedTuple):
    """An answer's key, taken apart as far as a reader needs it."""

    window_id: str
    role: str
    model: str
    prompt_version: str
    input_digest: str

    @property
    def is_judgment(self) -> bool:
        """Whether a judge answered, not an arm that served the role."""
        return self.prompt_version.startswith(JUDGMENT)


def place_of(key: str) -> AnswerPlace:
    """The inverse of `answer_key`; no part before the stream id has the separator in it."""
    window_id, role, model, prompt_version, input_digest, _ = key.split("|", 5)
    return AnswerPlace(window_id, role, model, prompt_version, input_digest)
