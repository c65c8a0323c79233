"""What Role-RL learns from and what it decides: reward events, feedback, role assignments."""

from datetime import datetime
from enum import StrEnum
from typing import Literal, Self

from pydantic import Field, model_validator

from schemas.base import Fraction, Message, Name, NonNegative, Part, Seq, StreamId
from schemas.roles import Role


class RunKind(StrEnum):
    """Why an arm was run."""

    INCUMBENT = "incumbent"
    CHALLENGER = "challenger"
    FALLBACK = "fallback"
    SHADOW = "shadow"


class Outcome(StrEnum):
    """How a run ended."""

    OK = "ok"
    REPAIRED = "repaired"
    INVALID = "invalid"
    TIMEOUT = "timeout"
    RATE_LIMITED = "rate_limited"
    ERROR = "error"


class QualitySource(StrEnum):
    """Where a quality figure comes from."""

    CHECKS = "checks"
    JUDGE = "judge"
    GOLD = "gold"
    FEEDBACK = "feedback"


class DecisionContext(Part):
    """What was known when the arm was chosen."""

    lang: str
    sentences: int = Field(ge=0)
    subjects: int = Field(default=0, ge=0)
    attempt: int = Field(default=0, ge=0)


class JudgeVerdict(Part):
    """What one judge said of an answer; `right` is None if it failed or its verdict is unreadable.

    `cost_usd` is what asking it cost, paid all the same.
    """

    judge: Name
    right: bool | None
    quality: Fraction | None = None
    faults: tuple[str, ...] = ()
    cost_usd: NonNegative = 0.0


class RewardEvent(Message):
    """One event a run on `role-rewards`, key = `<domain>|<role>`.

    `cost_usd` includes `repair_cost_usd`; `judge_cost_usd` comes on top of it and is the sum over
    `verdicts`. A later quality (feedback, gold, blame from downstream) is a further event of the
    same run with `late` true: it carries no new cost and no new latency.
    """

    decision_id: str
    window_id: str
    domain: Name
    role: Role
    model: Name
    kind: RunKind
    propensity: Fraction
    policy: str
    assignment_version: int = Field(ge=0)
    prompt_version: str
    context: DecisionContext
    outcome: Outcome
    kept: bool
    late: bool = False
    checks: dict[str, bool] = Field(default_factory=dict)
    quality: Fraction | None = None
    quality_source: QualitySource | None = None
    judge: str | None = None
    verdicts: tuple[JudgeVerdict, ...] = ()
    latency_s: NonNegative
    input_tokens: int = Field(ge=0)
    cached_tokens: int = Field(default=0, ge=0)
    output_tokens: int = Field(ge=0)
    cost_usd: NonNegative
    repair_cost_usd: NonNegative = 0.0
    judge_cost_usd: NonNegative = 0.0
    reward: float
    at: datetime


class ArmShare(Part):
    """An arm, the probability that it is drawn, and the share of its runs to be judged."""

    model: Name
    probability: Fraction
    judge_rate: Fraction = 0.0


class JudgeStanding(Part):
    """How far a judge is trusted in a role: the shares of right and of wrong answers that it

    recognises, and of its replies that are readable.
    """

    judge: Name
    knows_right: Fraction
    knows_wrong: Fraction
    readable: Fraction = 1.0


class RoleAssignment(Message):
    """Which arms serve a role in a domain; on `role-assignments` (compacted), key as above.

    One arm of `mix` (probabilities sum to 1, the primary included) is drawn for a decision. An arm
    that is drawn and is not the primary runs beside it as challenger when `side_by_side`, in its
    place otherwise; in a `sweep` all arms of the mix run. `fallbacks` run in turn while no answer
    is acceptable. `judges` says how far each judge is trusted here.
    """

    domain: Name
    role: Role
    version: int = Field(ge=0)
    policy: str
    primary: Name
    mix: tuple[ArmShare, ...] = Field(min_length=1)
    fallbacks: tuple[ArmShare, ...] = ()
    judge_rate: Fraction = 0.0
    side_by_side: bool = False
    sweep: bool = False
    judges: tuple[JudgeStanding, ...] = ()
    reason: str
    at: datetime

    @model_validator(mode="after")
    def _mix_is_a_distribution(self) -> Self:
        if abs(sum(share.probability for share in self.mix) - 1.0) > 1e-6:
            raise ValueError("the probabilities of the mix must sum to 1")
        if self.primary not in {share.model for share in self.mix}:
            raise ValueError("the mix must contain the primary")
        return self


class FeedbackSubject(Part):
    """A subject as a person names it."""

    key: Name
    name: Name
    aliases: tuple[Name, ...] = ()


class FeedbackSentence(Part):
    """What a person says of one sentence: whose it is and which categories hold.

    `also` are categories that would be accepted too.
    """

    seq: Seq
    subject: Name | None
    categories: tuple[Name, ...] = ()
    also: tuple[Name, ...] = ()


class Feedback(Message):
    """Gold labels or corrections from people for some sentences; on `feedback`, key = stream_id."""

    domain: Name
    stream_id: StreamId
    source: Literal["feedback", "gold"] = "feedback"
    subjects: tuple[FeedbackSubject, ...] = ()
    sentences: tuple[FeedbackSentence, ...] = Field(min_length=1)
    at: datetime


def assignment_key(domain: str, role: Role) -> str:
    """The key of reward events and role assignments."""
    return f"{domain}|{role.value}"
