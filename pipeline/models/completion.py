"""What a model call gives back, and how it can fail."""

from dataclasses import dataclass
from typing import Literal

from pipeline.errors import InvalidInputError, RetryableError
from schemas.answers import Finish

Mistake = Literal["key", "model", "address", "certificate", "account"]
"""What is wrong with an arm that cannot be called."""


@dataclass(frozen=True)
class Completion:
    """One finished call.

    Latencies in seconds from the request to the last and the first token (None: not streamed);
    `tokens_counted_by` is "usage" (the endpoint's own count) or "estimate".
    """

    text: str
    input_tokens: int
    cached_tokens: int
    output_tokens: int
    tokens_counted_by: str
    latency_s: float
    first_token_s: float | None
    cost_usd: float
    finish: Finish = "stop"


@dataclass(frozen=True)
class Spent:
    """What a call that broke off has cost all the same, as far as its answer had come."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(
            self.input_tokens + other.input_tokens,
            self.output_tokens + other.output_tokens,
            self.cost_usd + other.cost_usd,
        )


NOTHING_SPENT = Spent()


class ModelFaultError(RetryableError):
    """A call that gave no answer.

    `spent` is what it cost nevertheless; `retry_after_s` is the rest that the endpoint asks for;
    `answered` says whether the endpoint sent anything at all.
    """

    def __init__(
        self,
        message: str,
        *,
        spent: Spent = NOTHING_SPENT,
        retry_after_s: float | None = None,
        answered: bool = False,
    ) -> None:
        super().__init__(message)
        self.spent = spent
        self.retry_after_s = retry_after_s
        self.answered = answered


class ModelTimeoutError(ModelFaultError):
    """The endpoint did not answer, or not to the end, in time."""


class ModelRateLimitedError(ModelFaultError):
    """The endpoint wants fewer requests."""


class ModelUnavailableError(ModelFaultError):
    """The endpoint cannot be reached or fails by itself."""


class ModelMisconfiguredError(ModelFaultError):
    """The arm is declared wrongly, or its account is not in order; no call can succeed."""

    def __init__(self, message: str, what: Mistake = "address", *, answered: bool = False) -> None:
        super().__init__(message, answered=answered)
        self.what = what


class ModelRestsError(ModelFaultError):
    """The call was not made: the breaker of the arm or of its provider is open for `for_s`."""

    def __init__(self, message: str, for_s: float) -> None:
        super().__init__(message)
        self.for_s = for_s


class ModelRefusedError(InvalidInputError):
    """The endpoint refuses this request for good: its content, its length, or its form."""

    def __init__(
        self, message: str, because: Literal["content", "length", "form"] = "form"
    ) -> None:
        super().__init__(message)
        self.because = because
