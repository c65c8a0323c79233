"""Messages of a deployment as the live page hears them, each with the few fields that matter."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

from pipeline.config import ModelSettings
from schemas.allowances import AccountState, AllowanceLedger
from schemas.dead_letter import Cause, DeadLetter, Source, encode_payload
from schemas.messages import CategorizedRecord, ProducedBy, Sentence, Subject, WindowOutcome
from schemas.rewards import (
    ArmShare,
    DecisionContext,
    Outcome,
    QualitySource,
    RewardEvent,
    RoleAssignment,
    RunKind,
)
from schemas.roles import Role

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)
_number = count(1)


def model(name: str, usd_per_million: float) -> ModelSettings:
    """An arm at one price for input and output."""
    return ModelSettings(
        name=name,
        base_url="http://127.0.0.1:1/v1",
        usd_per_million_input=usd_per_million,
        usd_per_million_output=usd_per_million,
    )


def record(
    text: str = "the blue kettle boils in ninety seconds",
    record_id: str | None = None,
    revision: int = 1,
    at: datetime = AT,
    subject: str = "kettle",
    domain: str = "news",
    category: str = "fact",
    sentences: int = 1,
) -> CategorizedRecord:
    """A record of `sentences` times the same text; none of them: it is withdrawn."""
    return CategorizedRecord(
        record_id=record_id or f"record-{next(_number)}",
        revision=revision,
        op="upsert" if sentences else "delete",
        domain=domain,
        stream_id="stream-1",
        window_id="window-1",
        subject=Subject(subject_id="s", name=subject),
        category=category,
        sentences=tuple(Sentence(seq=n, text=text) for n in range(sentences)),
        span=(0, sentences - 1) if sentences else None,
        produced_by={
            "topic_finder": ProducedBy(model="small", prompt_version="1", decision_id="d")
        },
        at=at,
    )


def reward(
    model_name: str = "small",
    quality: float | None = 1.0,
    source: QualitySource = QualitySource.CHECKS,
    kept: bool = True,
    late: bool = False,
    decision: str | None = None,
    cost_usd: float = 0.001,
    tokens: int = 1000,
    latency_s: float = 0.5,
    role: Role = Role.TOPIC_FINDER,
    domain: str = "news",
    at: datetime = AT,
    **fields: Any,
) -> RewardEvent:
    """One run; `tokens` are its input tokens."""
    event = RewardEvent(
        decision_id=decision or f"decision-{next(_number)}",
        window_id="window-1",
        domain=domain,
        role=role,
        model=model_name,
        kind=RunKind.INCUMBENT if kept else RunKind.CHALLENGER,
        propensity=1.0,
        policy="thompson",
        assignment_version=1,
        prompt_version="1",
        context=DecisionContext(lang="en", sentences=4),
        outcome=Outcome.OK,
        kept=kept,
        late=late,
        quality=quality,
        quality_source=None if quality is None else source,
        latency_s=0.0 if late else latency_s,
        input_tokens=tokens,
        output_tokens=0,
        cost_usd=0.0 if late else cost_usd,
        reward=0.0,
        at=at,
    )
    return event.model_copy(update=fields)


def assignment(
    primary: str = "small",
    version: int = 1,
    others: Sequence[str] = ("large",),
    role: Role = Role.TOPIC_FINDER,
    domain: str = "news",
    at: datetime = AT,
    reason: str = "it is cheapest among those that answer well",
) -> RoleAssignment:
    """`primary` is first with 80 %, or alone."""
    rest = [ArmShare(model=name, probability=0.2 / len(others)) for name in others]
    share = 0.8 if others else 1.0
    return RoleAssignment(
        domain=domain,
        role=role,
        version=version,
        policy="thompson",
        primary=primary,
        mix=(ArmShare(model=primary, probability=share), *rest),
        reason=reason,
        at=at,
    )


def outcome(
    sentences: int = 4, recorded: int = 3, latency_s: float = 2.0, at: datetime = AT
) -> WindowOutcome:
    """A window of which `recorded` sentences became records."""
    return WindowOutcome(
        window_id=f"window-{next(_number)}",
        domain="news",
        stream_id="stream-1",
        sentences=sentences,
        recorded=tuple(range(recorded)),
        unassigned=tuple(range(recorded, sentences)),
        subjects=(),
        upserts=1,
        deletes=0,
        final=False,
        latency_s=latency_s,
        at=at,
    )


def dead_letter(message: str = "seq is not above the last one", at: datetime = AT) -> DeadLetter:
    """A message that could not be processed."""
    return DeadLetter(
        source=Source(kafka_topic="raw-news", partition=0, offset=next(_number)),
        key="stream-1",
        payload=encode_payload(b"payload"),
        payload_bytes=7,
        error=Cause(kind="out_of_order", message=message, role="chunk-splitter"),
        attempts=1,
        at=at,
    )


def allowances(
    name: str, spent_usd: float = 0.0, version: int = 1, until: datetime | None = None
) -> AllowanceLedger:
    """A ledger with one budget of five dollars a day."""
    account = AccountState(
        resource=f"usd:{name}", limit_usd=5.0, period="day", spent_usd=spent_usd, until=until
    )
    return AllowanceLedger(coordinator="c", epoch=1, version=version, accounts=(account,), at=AT)
