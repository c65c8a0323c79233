"""What each role has to read and write on the cluster: the least that its principal is granted."""

from collections.abc import Iterable
from dataclasses import dataclass

from agents.model_role import NEXT_ROLE
from agents.stall_book import GROUP as WATCHDOG
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
from schemas.roles import MODEL_ROLES, Role

POLICY = "policy"
_WATCHED = frozenset({WATCHDOG})


@dataclass(frozen=True)
class Needs:
    """Kafka topics of the catalogue that have to be read and written, and consumer groups to join.

    `groups` are without the deployment's prefix.
    """

    reads: frozenset[str] = frozenset()
    writes: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(
            self.reads | other.reads, self.writes | other.writes, self.groups | other.groups
        )

    def named(self, kafka: KafkaSettings) -> "Needs":
        """The same under the names that they have on the cluster."""
        return Needs(
            frozenset(map(kafka.named, self.reads)),
            frozenset(map(kafka.named, self.writes)),
            frozenset(f"{kafka.group_prefix}-{name}" for name in self.groups),
        )


def needs_of_roles(
    roles: Iterable[str], domains: Iterable[str], *, limited: bool, page: bool
) -> Needs:
    """What a worker with these roles (their slugs, or `policy`) needs.

    `limited`: limits or budgets are shared; `page`: the live page is served beside the policy.
    """
    domains = tuple(domains)
    found = _needs([ROLE_ASSIGNMENTS, MODEL_POOL], [DEAD_LETTERS]) | Needs(groups=_WATCHED)
    for role in roles:
        found |= _of_policy(domains, page) if role == POLICY else _of_role(role, domains)
        found |= Needs(groups=frozenset({role}))
    if limited:
        both = [ALLOWANCES, ALLOWANCE_REQUESTS]
        found |= _needs(both, both) | Needs(groups=frozenset({ALLOWANCES}))
    return found


def _of_role(slug: str, domains: tuple[str, ...]) -> Needs:
    role = next(role for role in Role if role.slug == slug)
    if role is Role.CHUNK_SPLITTER:
        raws = map(raw_kafka_topic, domains)
        first = role_kafka_topic(Role.TOPIC_FINDER)
        return _needs([*raws, SPLITTER_STATE], [WINDOWS, first, SPLITTER_STATE])
    own = role_kafka_topic(role)
    if role is Role.FORMAT_CHECKER:
        records = map(records_kafka_topic, domains)
        back = role_kafka_topic(Role.CONTENT_ORGANIZER)
        told = [*records, back, WINDOW_OUTCOMES, ROLE_REWARDS]
        return _needs([own, RECORDS_STATE], [*told, RECORDS_STATE])
    state = [SUBJECTS_STATE] if role is Role.RELATIONSHIP_CHECKER else []
    following = role_kafka_topic(NEXT_ROLE[role])
    told = [following, ROLE_REWARDS, WINDOW_OUTCOMES]
    return _needs([own, ANSWERS, FEEDBACK, *state], [*told, ANSWERS, *state])


def _of_policy(domains: tuple[str, ...], page: bool) -> Needs:
    state = [POLICY_STATE]
    told = shown(domains) if page else []
    return _needs([ROLE_REWARDS, POLICY_CONTROL, *state, *told], [ROLE_ASSIGNMENTS, *state])


def shown(domains: Iterable[str]) -> list[str]:
    """The Kafka topics that the live page, `status` and `top` show."""
    records = map(records_kafka_topic, domains)
    kept = [ROLE_ASSIGNMENTS, ROLE_REWARDS, POLICY_STATE, ALLOWANCES]
    return [*records, *kept, DEAD_LETTERS, WINDOW_OUTCOMES]


def _needs(reads: Iterable[str], writes: Iterable[str]) -> Needs:
    return Needs(frozenset(reads), frozenset(writes))


WORKERS = {
    "splitter": (Role.CHUNK_SPLITTER.slug,),
    "role-worker": (*(role.slug for role in MODEL_ROLES), Role.FORMAT_CHECKER.slug),
    POLICY: (POLICY,),
}
"""The principals that worker processes log in as, and the roles that each runs."""
