"""Who may do what on the cluster: each component reads and writes only what its work needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from pipeline.config import KafkaSettings
from schemas.catalogue import (
    ALLOWANCE_REQUESTS,
    ALLOWANCES,
    ANSWERS,
    DEAD_LETTERS,
    FEEDBACK,
    MODEL_POOL,
    POLICY_CONTROL,
    POLICY_STATE,
    RECORDS_STATE,
    ROLE_ASSIGNMENTS,
    ROLE_REWARDS,
    SPLITTER_STATE,
    SUBJECTS_STATE,
    WINDOW_OUTCOMES,
    WINDOWS,
    raw_kafka_topic,
    records_kafka_topic,
    role_kafka_topic,
)
from schemas.roles import Role

ANY = "*"


class May(StrEnum):
    """What a grant allows; reading and writing include describing."""

    READ = "READ"
    WRITE = "WRITE"
    DESCRIBE = "DESCRIBE"


@dataclass(frozen=True)
class Grant:
    """`principal` may do something with Kafka topics or consumer groups.

    `kafka_topic` or `group` is set, never both; ANY stands for all, `prefixed` for all names that
    begin like it.
    """

    principal: str
    may: May
    kafka_topic: str | None = None
    group: str | None = None
    prefixed: bool = False


def access_rules(kafka: KafkaSettings, domains: Iterable[str]) -> tuple[Grant, ...]:
    """The grants of a deployment with these domains; `admin` needs none, being a super user."""
    domains = tuple(domains)
    raws = [raw_kafka_topic(domain) for domain in domains]
    records = [records_kafka_topic(domain) for domain in domains]
    tasks = [role_kafka_topic(role) for role in Role if role is not Role.CHUNK_SPLITTER]
    followed = [ROLE_ASSIGNMENTS, MODEL_POOL, ALLOWANCES, ALLOWANCE_REQUESTS]
    shared = [ALLOWANCES, ALLOWANCE_REQUESTS, DEAD_LETTERS, WINDOW_OUTCOMES]
    reads = {
        "splitter": [*raws, SPLITTER_STATE, *followed],
        "role-worker": [
            *tasks,
            ANSWERS,
            FEEDBACK,
            SUBJECTS_STATE,
            RECORDS_STATE,
            ROLE_REWARDS,
            WINDOW_OUTCOMES,
            *followed,
        ],
        "policy": [
            *records,
            ROLE_REWARDS,
            POLICY_STATE,
            POLICY_CONTROL,
            DEAD_LETTERS,
            WINDOW_OUTCOMES,
            *followed,
        ],
        "producer": raws,
        "consumer": records,
    }
    writes = {
        "splitter": [WINDOWS, role_kafka_topic(Role.TOPIC_FINDER), SPLITTER_STATE, *shared],
        "role-worker": [
            *tasks,
            *records,
            ANSWERS,
            ROLE_REWARDS,
            SUBJECTS_STATE,
            RECORDS_STATE,
            *shared,
        ],
        "policy": [ROLE_ASSIGNMENTS, POLICY_STATE, *shared],
        "producer": [*raws, FEEDBACK],
    }
    grants = [
        Grant(principal, may, kafka_topic=kafka.named(name))
        for may, table in ((May.READ, reads), (May.WRITE, writes))
        for principal, names in table.items()
        for name in names
    ]
    for principal in ("splitter", "role-worker", "policy"):
        # Every worker asks how far all roles are, for its metrics and the live page.
        grants += [
            Grant(principal, May.DESCRIBE, kafka_topic=kafka.kafka_topic_prefix, prefixed=True)
            if kafka.kafka_topic_prefix
            else Grant(principal, May.DESCRIBE, kafka_topic=ANY),
            Grant(principal, May.READ, group=f"{kafka.group_prefix}-", prefixed=True),
        ]
    grants += [Grant(principal, May.READ, group=ANY) for principal in ("producer", "consumer")]
    return tuple(grants)
