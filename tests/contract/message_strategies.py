"""Draws any legal message of each model, for round trips."""

from datetime import UTC

from hypothesis import strategies as st
from pydantic import BaseModel

from schemas.allowances import (
    AccountState,
    AllowanceLedger,
    AllowanceRequest,
    Heard,
    Lease,
    LeaseReport,
    Use,
    WindowState,
)
from schemas.answers import LoggedAnswer
from schemas.dead_letter import Cause, DeadLetter, DeadLetterReplay, Source, encode_payload
from schemas.messages import (
    CategorizedRecord,
    ProducedBy,
    RawText,
    Sentence,
    Subject,
    Window,
    WindowOutcome,
)
from schemas.model_declaration import ModelDeclaration
from schemas.policy_control import ControlMode, PolicyControl
from schemas.pool_change import PoolChange, PoolOperation
from schemas.rewards import (
    ArmShare,
    DecisionContext,
    Feedback,
    FeedbackSentence,
    FeedbackSubject,
    JudgeStanding,
    JudgeVerdict,
    Outcome,
    QualitySource,
    RewardEvent,
    RoleAssignment,
    RunKind,
)
from schemas.role_task import FoundSubject, OrganizedSentence, ResolvedSubject, RoleTask, Span
from schemas.roles import Role

TEXT = st.text(max_size=12)
NAME = st.text(min_size=1, max_size=12)
SEQ = st.integers(0, 2**63 - 1)
COUNT = st.integers(0, 10**6)
SHARE = st.floats(0.0, 1.0)
AMOUNT = st.floats(0.0, 1e9)
AMOUNTS = st.dictionaries(NAME, AMOUNT, max_size=2)
AT = st.datetimes(timezones=st.just(UTC))
NAMES = st.lists(NAME, max_size=2).map(tuple)
SEQS = st.lists(SEQ, max_size=3).map(tuple)
ATTRIBUTES = st.dictionaries(NAME, st.none() | TEXT, max_size=2)
SENTENCES = st.lists(
    st.builds(Sentence, seq=SEQ, text=TEXT), min_size=1, max_size=3, unique_by=lambda s: s.seq
).map(lambda drawn: tuple(sorted(drawn, key=lambda s: s.seq)))
AUTHORS = st.dictionaries(
    NAME, st.builds(ProducedBy, model=TEXT, prompt_version=TEXT, decision_id=TEXT), max_size=2
)
SUBJECT = st.builds(Subject, subject_id=TEXT, name=NAME, aliases=NAMES, attributes=ATTRIBUTES)
ROLE = st.sampled_from(Role)
CALL = {"role": ROLE, "model": NAME, "policy": TEXT, "kind": st.sampled_from(RunKind)}
WINDOW = st.builds(
    Window,
    window_id=TEXT,
    domain=NAME,
    stream_id=NAME,
    lang=TEXT,
    sentences=SENTENCES,
    carried_from=st.none() | SEQ,
    final=st.booleans(),
    closed_by=st.sampled_from(["count", "age", "tokens", "end"]),
    splitter_version=TEXT,
    at=AT,
)


def _records(op: str) -> st.SearchStrategy[CategorizedRecord]:
    return st.builds(
        CategorizedRecord,
        record_id=TEXT,
        revision=st.integers(1, 10**6),
        op=st.just(op),
        domain=NAME,
        stream_id=NAME,
        window_id=TEXT,
        subject=SUBJECT,
        category=NAME,
        part=COUNT,
        sentences=st.just(()) if op == "delete" else SENTENCES,
        span=st.none() | st.tuples(SEQ, SEQ),
        produced_by=AUTHORS,
        at=AT,
    )


def _mix(weights: list[int]) -> tuple[ArmShare, ...]:
    total = sum(weights)
    return tuple(
        ArmShare(model=f"arm-{number}", probability=weight / total)
        for number, weight in enumerate(weights)
    )


ROLE_ASSIGNMENT = st.lists(st.integers(1, 9), min_size=1, max_size=3).flatmap(
    lambda weights: st.builds(
        RoleAssignment,
        domain=NAME,
        role=ROLE,
        version=COUNT,
        policy=TEXT,
        primary=st.just("arm-0"),
        mix=st.just(_mix(weights)),
        fallbacks=st.just(_mix(weights)),
        judge_rate=SHARE,
        side_by_side=st.booleans(),
        sweep=st.booleans(),
        judges=st.lists(
            st.builds(
                JudgeStanding, judge=NAME, knows_right=SHARE, knows_wrong=SHARE, readable=SHARE
            ),
            max_size=2,
        ).map(tuple),
        reason=TEXT,
        at=AT,
    )
)
SOURCE = st.builds(Source, kafka_topic=TEXT, partition=COUNT, offset=SEQ)
MESSAGES: dict[str, st.SearchStrategy[BaseModel]] = {
    "RawText": st.builds(
        RawText,
        stream_id=NAME,
        seq=SEQ,
        text=TEXT,
        at=st.none() | AT,
        lang=st.none() | TEXT,
        speaker=st.none() | TEXT,
        end=st.booleans(),
    ),
    "Window": WINDOW,
    "RoleTask": st.builds(
        RoleTask,
        role=ROLE,
        window=WINDOW,
        subjects=st.lists(
            st.builds(
                FoundSubject,
                number=st.integers(1, 99),
                name=NAME,
                aliases=NAMES,
                attributes=ATTRIBUTES,
            ),
            max_size=2,
        ).map(tuple),
        spans=st.lists(
            st.builds(Span, subject=st.integers(1, 99), first=SEQ, last=SEQ), max_size=2
        ).map(tuple),
        resolved=st.lists(
            st.builds(
                ResolvedSubject,
                subject=SUBJECT,
                numbers=st.lists(st.integers(1, 99), max_size=2).map(tuple),
                merged_ids=NAMES,
            ),
            max_size=2,
        ).map(tuple),
        organized=st.lists(
            st.builds(
                OrganizedSentence,
                subject=st.integers(1, 99),
                seq=SEQ,
                categories=NAMES,
                quote=st.none() | TEXT,
            ),
            max_size=2,
        ).map(tuple),
        produced_by=AUTHORS,
        attempt=COUNT,
        excluded=st.dictionaries(NAME, NAMES, max_size=2),
    ),
    "CategorizedRecord": _records("upsert") | _records("delete"),
    "WindowOutcome": st.builds(
        WindowOutcome,
        window_id=TEXT,
        domain=NAME,
        stream_id=NAME,
        sentences=st.integers(1, 999),
        recorded=SEQS,
        unassigned=SEQS,
        subjects=st.lists(SUBJECT, max_size=2).map(tuple),
        upserts=COUNT,
        deletes=COUNT,
        final=st.booleans(),
        failed=st.none() | TEXT,
        latency_s=AMOUNT,
        at=AT,
    ),
    "RewardEvent": st.builds(
        RewardEvent,
        **CALL,
        decision_id=TEXT,
        window_id=TEXT,
        domain=NAME,
        propensity=SHARE,
        assignment_version=COUNT,
        prompt_version=TEXT,
        context=st.builds(
            DecisionContext, lang=TEXT, sentences=COUNT, subjects=COUNT, attempt=COUNT
        ),
        outcome=st.sampled_from(Outcome),
        kept=st.booleans(),
        late=st.booleans(),
        checks=st.dictionaries(NAME, st.booleans(), max_size=2),
        quality=st.none() | SHARE,
        quality_source=st.none() | st.sampled_from(QualitySource),
        judge=st.none() | TEXT,
        verdicts=st.lists(
            st.builds(
                JudgeVerdict,
                judge=NAME,
                right=st.none() | st.booleans(),
                quality=st.none() | SHARE,
                faults=NAMES,
                cost_usd=AMOUNT,
            ),
            max_size=2,
        ).map(tuple),
        latency_s=AMOUNT,
        input_tokens=COUNT,
        cached_tokens=COUNT,
        output_tokens=COUNT,
        cost_usd=AMOUNT,
        repair_cost_usd=AMOUNT,
        judge_cost_usd=AMOUNT,
        reward=st.floats(-1e9, 1e9),
        at=AT,
    ),
    "RoleAssignment": ROLE_ASSIGNMENT,
    "PolicyControl": st.builds(
        PolicyControl, mode=st.just(ControlMode.FROZEN), domain=NAME, role=ROLE, at=AT
    )
    | st.builds(
        PolicyControl,
        mode=st.just(ControlMode.ROLLED_BACK),
        domain=NAME,
        role=ROLE,
        role_assignment=ROLE_ASSIGNMENT,
        at=AT,
    ),
    "PoolChange": st.builds(
        PoolChange,
        operation=st.sampled_from(PoolOperation),
        declaration=st.builds(
            ModelDeclaration,
            name=st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:/+-]{0,20}", fullmatch=True),
            base_url=st.sampled_from(["http://a", "https://a.example:9/v1"]),
            model=st.none() | TEXT,
            usd_per_million_input=AMOUNT,
            usd_per_million_cached=st.none() | AMOUNT,
            usd_per_million_output=AMOUNT,
            roles=NAMES,
        ),
        at=AT,
    ),
    "AllowanceRequest": st.builds(
        AllowanceRequest,
        worker=NAME,
        sequence=st.integers(1, 10**9),
        sent_s=AMOUNT,
        epoch=COUNT,
        version=COUNT,
        wanted=st.lists(AMOUNTS, max_size=2).map(tuple),
        waiting=COUNT,
        leases=st.lists(
            st.builds(
                LeaseReport,
                lease_id=TEXT,
                held=AMOUNTS,
                used=st.lists(st.builds(Use, at_s=AMOUNT, amounts=AMOUNTS), max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
    ),
    "AllowanceLedger": st.builds(
        AllowanceLedger,
        coordinator=TEXT,
        epoch=st.integers(1, 10**9),
        version=COUNT,
        windows=st.lists(
            st.builds(
                WindowState,
                resource=TEXT,
                limit=AMOUNT,
                window_s=st.floats(0.1, 100.0),
                used=st.lists(st.tuples(AMOUNT, AMOUNT), max_size=2).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
        accounts=st.lists(
            st.builds(
                AccountState,
                resource=TEXT,
                limit_usd=AMOUNT,
                period=TEXT,
                spent_usd=AMOUNT,
                spent_since=st.none() | AT,
                until=st.none() | AT,
            ),
            max_size=2,
        ).map(tuple),
        leases=st.lists(
            st.builds(Lease, lease_id=TEXT, worker=TEXT, amounts=AMOUNTS, expires_s=AMOUNT),
            max_size=2,
        ).map(tuple),
        heard=st.lists(
            st.builds(
                Heard, worker=TEXT, epoch=COUNT, sequence=COUNT, sent_s=AMOUNT, received_s=AMOUNT
            ),
            max_size=2,
        ).map(tuple),
        at=AT,
    ),
    "Feedback": st.builds(
        Feedback,
        domain=NAME,
        stream_id=NAME,
        source=st.sampled_from(["feedback", "gold"]),
        subjects=st.lists(
            st.builds(FeedbackSubject, key=NAME, name=NAME, aliases=NAMES), max_size=2
        ).map(tuple),
        sentences=st.lists(
            st.builds(
                FeedbackSentence, seq=SEQ, subject=st.none() | NAME, categories=NAMES, also=NAMES
            ),
            min_size=1,
            max_size=2,
        ).map(tuple),
        at=AT,
    ),
    "DeadLetter": st.builds(
        DeadLetter,
        source=SOURCE,
        replayed_from=st.none() | SOURCE,
        key=st.none() | TEXT,
        payload=st.binary(max_size=20).map(encode_payload),
        payload_bytes=COUNT,
        error=st.builds(Cause, kind=NAME, message=TEXT, role=st.none() | TEXT),
        attempts=st.integers(1, 9),
        at=AT,
    ),
    "DeadLetterReplay": st.builds(DeadLetterReplay, source=SOURCE, at=AT),
    "LoggedAnswer": st.builds(
        LoggedAnswer,
        **CALL,
        window_id=TEXT,
        domain=NAME,
        stream_id=TEXT,
        prompt_version=TEXT,
        input_digest=TEXT,
        decision_id=TEXT,
        propensity=SHARE,
        assignment_version=COUNT,
        text=TEXT,
        input_tokens=COUNT,
        cached_tokens=COUNT,
        output_tokens=COUNT,
        tokens_counted_by=TEXT,
        latency_s=AMOUNT,
        first_token_s=st.none() | AMOUNT,
        cost_usd=AMOUNT,
        at=AT,
    ),
}
