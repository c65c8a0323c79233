"""What the live page, `rolestream top` and `rolestream status --json` show: plain frozen data."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Share:
    """An arm of a mix, and the probability that it is drawn."""

    model: str
    probability: float


@dataclass(frozen=True, slots=True)
class Stay:
    """Since when a model has been first in a role."""

    at: datetime
    model: str
    version: int
    reason: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """What one model alone would have cost, and the share of that which was saved.

    `usd` is the tokens of the delivered answers at the model's prices; `saved` is 1 - spend / usd
    and negative when more was spent, None when `usd` is 0.
    """

    model: str
    usd: float
    saved: float | None


@dataclass(frozen=True, slots=True)
class ModelView:
    """One arm in one role: its runs, and the mean quality of those that were scored."""

    model: str
    runs: int
    scored: int
    quality: float | None


@dataclass(frozen=True, slots=True)
class RoleView:
    """Who serves a role in a domain, why, and how it goes.

    `quality` is the mean over the `scored` last delivered answers, 0..1, and `quality_sources`
    says how many were scored by what; latencies are of delivered answers; `spend_usd` has every
    run, repair and judgment, by purpose in `purposes`. `adequate` is the cheapest model whose
    quality here is not below what was delivered, None while none has enough scored runs.
    """

    domain: str
    role: str
    policy: str | None
    primary: str | None
    version: int | None
    reason: str | None
    at: datetime | None
    mix: tuple[Share, ...]
    judge_rate: float
    history: tuple[Stay, ...]
    runs: int
    kept: int
    failed: int
    quality: float | None
    scored: int
    quality_sources: dict[str, int]
    p50_s: float | None
    p95_s: float | None
    spend_usd: float
    purposes: dict[str, float]
    models: tuple[ModelView, ...]
    adequate: Baseline | None
    dearest: Baseline | None


@dataclass(frozen=True, slots=True)
class TextLine:
    """A sentence of a record."""

    seq: int
    text: str


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as it came; `more` sentences are left out."""

    serial: int
    record_id: str
    revision: int
    op: str
    domain: str
    stream_id: str
    subject: str
    category: str
    sentences: tuple[TextLine, ...]
    more: int
    produced_by: dict[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class LetterView:
    """A dead letter, without its payload."""

    serial: int
    kind: str
    message: str
    role: str | None
    source: str
    at: datetime


@dataclass(frozen=True, slots=True)
class RolePoint:
    """A role over all domains in one bucket of time."""

    quality: float | None
    p95_s: float | None
    spend_usd: float


@dataclass(frozen=True, slots=True)
class Point:
    """One bucket of time: `t` is its start in seconds since 1970."""

    t: int
    records: int
    sentences: int
    dead_letters: int
    spend_usd: float
    dearest_usd: float
    roles: dict[str, RolePoint]


@dataclass(frozen=True, slots=True)
class Totals:
    """Everything since `since`; `latency_p95_s` runs from the cut of a window to its records."""

    since: datetime | None
    records: int
    sentences: int
    recorded: int
    windows: int
    failed_windows: int
    dead_letters: int
    spend_usd: float
    adequate: Baseline | None
    dearest: Baseline | None
    latency_p50_s: float | None
    latency_p95_s: float | None


@dataclass(frozen=True, slots=True)
class Budget:
    """What a budget still allows of its limit in the present period, in dollars.

    `spent` says so once it is at its limit, since when, and what follows.
    """

    name: str
    left_usd: float
    limit_usd: float
    period: str
    spent: str | None = None


@dataclass(frozen=True, slots=True)
class View:
    """The whole picture, or what changed since `since_version`.

    Lists then hold what is new or changed, `totals`, `lag` and `budgets` always the present.
    """

    version: int
    since_version: int
    at: datetime
    bucket_s: int
    broker: bool
    totals: Totals
    lag: dict[str, int]
    budgets: tuple[Budget, ...]
    roles: tuple[RoleView, ...]
    points: tuple[Point, ...]
    records: tuple[RecordView, ...]
    dead_letters: tuple[LetterView, ...]
