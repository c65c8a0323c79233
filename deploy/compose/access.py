"""Who may do what on the cluster: each component reads and writes only what its work needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from agents.needs import POLICY, WORKERS, needs_of_roles, shown
from pipeline.config import KafkaSettings
from schemas.catalogue import (
    DEAD_LETTER_REPLAYS,
    FEEDBACK,
    MODEL_POOL,
    POLICY_CONTROL,
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
    steered = [MODEL_POOL, POLICY_CONTROL, DEAD_LETTER_REPLAYS]
    reads: dict[str, Iterable[str]] = {
        "consumer": records,
        # It asks how far a stream has got.
        "producer": raws,
        "observer": [*shown(domains), *steered],
        "operator": [*shown(domains), *steered],
    }
    writes: dict[str, Iterable[str]] = {
        "producer": [*raws, FEEDBACK],
        # A dead letter goes back to where it came from.
        "operator": [*raws, *tasks, *steered, FEEDBACK],
    }
    grants = []
    for principal, roles in WORKERS.items():
        needs = needs_of_roles(roles, domains, limited=True, page=principal == POLICY)
        reads[principal], writes[principal] = sorted(needs.reads), sorted(needs.writes)
        grants += [
            Grant(principal, May.READ, group=f"{kafka.group_prefix}-{name}")
            for name in sorted(needs.groups)
        ]
    grants += [
        Grant(principal, may, kafka_topic=kafka.named(name))
        for may, table in ((May.READ, reads), (May.WRITE, writes))
        for principal, names in table.items()
        for name in names
    ]
    for principal in (POLICY, "observer", "operator"):
        # The live page and `status` ask how far all roles are.
        whole = kafka.kafka_topic_prefix
        grants += [
            Grant(principal, May.DESCRIBE, kafka_topic=whole or ANY, prefixed=bool(whole)),
            Grant(principal, May.DESCRIBE, group=f"{kafka.group_prefix}-", prefixed=True),
        ]
    grants += [
        Grant(principal, May.READ, group=ANY)
        for principal in ("producer", "consumer", "observer", "operator")
    ]
    return tuple(grants)
