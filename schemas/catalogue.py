"""The Kafka topic catalogue: every Kafka topic, its message, key and retention, as tested data."""

from collections.abc import Iterable
from dataclasses import dataclass

from pydantic import BaseModel

from schemas.allowances import AllowanceLedger, AllowanceRequest
from schemas.answers import LoggedAnswer
from schemas.dead_letter import DeadLetter, DeadLetterReplay
from schemas.messages import CategorizedRecord, RawText, Window, WindowOutcome
from schemas.policy_control import PolicyControl
from schemas.pool_change import PoolChange
from schemas.rewards import Feedback, RewardEvent, RoleAssignment
from schemas.role_task import RoleTask
from schemas.roles import Role

WINDOWS = "windows"
WINDOW_OUTCOMES = "window-outcomes"
ROLE_REWARDS = "role-rewards"
ROLE_ASSIGNMENTS = "role-assignments"
MODEL_POOL = "model-pool"
POLICY_CONTROL = "policy-control"
FEEDBACK = "feedback"
DEAD_LETTERS = "dead-letters"
DEAD_LETTER_REPLAYS = "dead-letter-replays"
ANSWERS = "answers"
ALLOWANCE_REQUESTS = "allowance-requests"
ALLOWANCES = "allowances"
SPLITTER_STATE = "splitter-state"
SUBJECTS_STATE = "subjects-state"
RECORDS_STATE = "records-state"
POLICY_STATE = "policy-state"

DAY_MS = 24 * 3600 * 1000
COMPACT = {"cleanup.policy": "compact", "min.cleanable.dirty.ratio": "0.1"}


@dataclass(frozen=True)
class KafkaTopic:
    """A Kafka topic as it must exist: name, message model, what its key is, broker settings.

    `model` is None for state changelogs, whose values are private to the process that owns them.
    `keyed_by_stream` topics share one partition count: a stream stays on one partition number.
    """

    name: str
    model: type[BaseModel] | None
    key: str
    settings: tuple[tuple[str, str], ...] = ()
    keyed_by_stream: bool = True

    @property
    def compacted(self) -> bool:
        """Whether only the last value of a key is kept."""
        return "compact" in dict(self.settings).get("cleanup.policy", "")


def raw_kafka_topic(domain: str) -> str:
    """Where sentences of a domain come in."""
    return f"raw-{domain}"


def records_kafka_topic(domain: str) -> str:
    """Where categorised records of a domain go out."""
    return f"records-{domain}"


def role_kafka_topic(role: Role) -> str:
    """The Kafka topic in front of a role; the chunk splitter reads the raw ones."""
    if role is Role.CHUNK_SPLITTER:
        raise ValueError("the chunk splitter reads the raw-<domain> Kafka topics")
    return f"role-{role.slug}"


def _kept(ms: int) -> tuple[tuple[str, str], ...]:
    return (("retention.ms", str(ms)),)


def catalogue(domains: Iterable[str], answers_ms: int = DAY_MS) -> tuple[KafkaTopic, ...]:
    """All Kafka topics of a deployment with these domains; answers are kept for `answers_ms`."""
    compact = tuple(COMPACT.items())
    # A segment that is written to is neither compacted nor deleted: begin new ones in time.
    answers = (*_kept(answers_ms), ("segment.ms", str(max(60_000, answers_ms // 8))))
    state = (*compact, ("segment.bytes", str(64 * 1024 * 1024)), ("segment.ms", "3600000"))
    # One value, written up to ten times a second: small segments, or it is hardly ever compacted.
    often_written = (*compact, ("segment.bytes", str(8 * 1024 * 1024)), ("segment.ms", "600000"))
    raws = [
        KafkaTopic(raw_kafka_topic(domain), RawText, "stream_id", _kept(7 * DAY_MS))
        for domain in domains
    ]
    records = [
        KafkaTopic(records_kafka_topic(domain), CategorizedRecord, "stream_id", _kept(30 * DAY_MS))
        for domain in domains
    ]
    roles = [
        KafkaTopic(role_kafka_topic(role), RoleTask, "stream_id", _kept(7 * DAY_MS))
        for role in Role
        if role is not Role.CHUNK_SPLITTER
    ]
    return (
        *raws,
        KafkaTopic(WINDOWS, Window, "stream_id", _kept(7 * DAY_MS)),
        *roles,
        *records,
        KafkaTopic(WINDOW_OUTCOMES, WindowOutcome, "stream_id", _kept(7 * DAY_MS)),
        KafkaTopic(ANSWERS, LoggedAnswer, "answer_key", answers),
        KafkaTopic(
            ROLE_REWARDS, RewardEvent, "domain|role", _kept(30 * DAY_MS), keyed_by_stream=False
        ),
        KafkaTopic(ROLE_ASSIGNMENTS, RoleAssignment, "domain|role", compact, keyed_by_stream=False),
        KafkaTopic(MODEL_POOL, PoolChange, "model", compact, keyed_by_stream=False),
        KafkaTopic(POLICY_CONTROL, PolicyControl, "domain|role", compact, keyed_by_stream=False),
        KafkaTopic(
            ALLOWANCE_REQUESTS, AllowanceRequest, "worker", _kept(DAY_MS), keyed_by_stream=False
        ),
        KafkaTopic(ALLOWANCES, AllowanceLedger, "ledger", often_written, keyed_by_stream=False),
        KafkaTopic(FEEDBACK, Feedback, "stream_id", _kept(30 * DAY_MS)),
        KafkaTopic(DEAD_LETTERS, DeadLetter, "as it was", _kept(30 * DAY_MS)),
        KafkaTopic(
            DEAD_LETTER_REPLAYS,
            DeadLetterReplay,
            "kafka_topic/partition/offset",
            (("cleanup.policy", "compact,delete"), ("retention.ms", str(30 * DAY_MS))),
            keyed_by_stream=False,
        ),
        KafkaTopic(SPLITTER_STATE, None, "domain|stream_id", state),
        KafkaTopic(SUBJECTS_STATE, None, "domain|stream_id", state),
        KafkaTopic(RECORDS_STATE, None, "domain|stream_id|...", state),
        KafkaTopic(POLICY_STATE, None, "partition number", compact, keyed_by_stream=False),
    )
