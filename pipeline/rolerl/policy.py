"""What a policy is: one object that serves the live system and the replay alike.

Live: `update(observation)` a reward event, then `role_assignment(key)` says what to publish and
the workers `draw` from it. Replay: `decide(context)` does both for one decision.
"""

from typing import NamedTuple, Protocol, runtime_checkable

from pipeline.rolerl.arms import Arm

Key = tuple[str, str]
"""(domain, role): what a role assignment is for."""


class Context(NamedTuple):
    """What may be known when an arm is chosen.

    `window` is an opaque id: decisions with the same one are about the same text. `size`:
    sentences; `recent_failures`: known failures among the last runs of this key; `segment`: a
    label of the text, None unless the user has chosen to give it. A NamedTuple because one is made
    for every decision.
    """

    domain: str
    role: str
    window: str = ""
    lang: str = ""
    size: int = 0
    recent_failures: int = 0
    segment: str | None = None

    @property
    def key(self) -> Key:
        """The (domain, role) the decision belongs to."""
        return (self.domain, self.role)


class Observation(NamedTuple):
    """What became known of one run.

    `outcome` is ok, repaired, invalid, timeout, rate_limited or error; `success` and `quality`
    (0..1) are None until a judge, a person, gold data or a free check has spoken (`source`). A
    `late` observation adds quality to a run reported before: no new cost, no new latency.
    `reward` is the preset's scalar, for policies that learn from one number.
    """

    context: Context
    decision: str
    model: str
    kind: str
    propensity: float
    outcome: str
    cost_usd: float
    judge_cost_usd: float = 0.0
    latency_s: float | None = None
    quality: float | None = None
    success: bool | None = None
    source: str | None = None
    reward: float | None = None
    kept: bool = True
    late: bool = False

    @property
    def valid(self) -> bool:
        """Whether the free checks passed, after a repair or without."""
        return self.outcome in ("ok", "repaired")


class Share(NamedTuple):
    """An arm, the probability that it is drawn, and the share of its runs to be judged."""

    model: str
    probability: float
    judge_rate: float


class Plan(NamedTuple):
    """How a role is served until further notice.

    Exactly one arm of `mix` is drawn (probabilities sum to 1). A drawn arm that is not the
    `primary` runs beside it when `side_by_side`, in its place otherwise. `sweep`: every arm of
    `mix` runs side by side. `fallbacks` are run in turn while no answer has passed its free checks
    or all that passed were judged wrong; their `probability` is 1. `reason`: plain words.
    """

    primary: str
    mix: tuple[Share, ...]
    fallbacks: tuple[Share, ...] = ()
    side_by_side: bool = False
    sweep: bool = False
    reason: str = ""

    @property
    def judge_rate(self) -> float:
        """Share of the drawn runs that is judged."""
        return sum(share.probability * share.judge_rate for share in self.mix)


class Run(NamedTuple):
    """One arm to be run for a decision, and whether its answer is to be judged."""

    model: str
    judge: bool


class Decision(NamedTuple):
    """One draw from a plan: what to run for one piece of work.

    `first` is the incumbent of the decision, `propensity` the probability with which the drawn arm
    was drawn; `beside` runs at the same time, `fallbacks` only if needed.
    """

    first: Run
    propensity: float
    beside: tuple[Run, ...] = ()
    fallbacks: tuple[Run, ...] = ()


@runtime_checkable
class Policy(Protocol):
    """Chooses arms and learns from what became of them.

    Deterministic under its seed. `update` takes time independent of how much was seen before.
    `dump()` is JSON; `load(dump())` followed by `dump()` gives the same bytes.
    """

    name: str

    @property
    def version(self) -> int:
        """Grows whenever `role_assignment` of any key may have changed materially."""
        ...

    def set_arm(self, arm: Arm) -> None:
        """Add an arm, or replace the one of that name (reprice, retire, open its breaker)."""
        ...

    def arms(self) -> tuple[Arm, ...]:
        """The pool, cheapest first."""
        ...

    def decide(self, context: Context) -> Decision:
        """What to run for one piece of work."""
        ...

    def role_assignment(self, key: Key) -> Plan:
        """How the role is served until the next update; raises ConfigurationError without arms."""
        ...

    def update(self, observation: Observation) -> None:
        """Learn from one run; unknown arms and late news are taken too."""
        ...

    def pace(self, left_usd: float, left_decisions: int) -> None:
        """What is left of a budget, and how many decisions it has to last for."""
        ...

    def explain(self, key: Key) -> str:
        """Why this arm has this role, in plain words with the numbers."""
        ...

    def dump(self) -> bytes:
        """The whole state as JSON bytes."""
        ...

    def load(self, state: bytes) -> None:
        """Take over a dumped state; InvalidInputError if it is not one of this policy."""
        ...
