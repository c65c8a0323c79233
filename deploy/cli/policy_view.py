"""What Kafka knows of the policy: role assignments, controls, and the learnt state behind them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import click

from deploy.cli.keyed_values import KeyedValues
from pipeline.config import Config
from pipeline.decisions.learner import PolicyState
from pipeline.decisions.run_book import RunBook
from pipeline.domains import load_domains, select_domains
from pipeline.errors import ConfigurationError, InvalidInputError
from schemas.catalogue import POLICY_CONTROL, POLICY_STATE, ROLE_ASSIGNMENTS
from schemas.codec import DecodeError, decode, encode
from schemas.partitions import policy_partition
from schemas.policy_control import ControlMode, PolicyControl
from schemas.rewards import RoleAssignment, assignment_key
from schemas.roles import MODEL_ROLES, Role

Key = tuple[str, Role]


class Cluster:
    """A deployment's policy topics; every method raises as KeyedValues does."""

    def __init__(self, config: Config) -> None:
        self.config = config
        domains = load_domains(config.domains.files)
        self._domains = tuple(select_domains(domains, config.domains.enabled))

    def keys(self, domain: str | None, role_name: str | None) -> list[Key]:
        """The (domain, role) pairs that are meant; raises ConfigurationError for unknown names."""
        if domain is not None and domain not in self._domains:
            raise ConfigurationError(
                f"--domain: there is no domain {domain!r}; there are {', '.join(self._domains)}"
            )
        slug = None if role_name is None else role_name.replace("_", "-")
        roles = [role for role in MODEL_ROLES if slug in (None, role.slug)]
        if not roles:
            slugs = ", ".join(role.slug for role in MODEL_ROLES)
            raise ConfigurationError(
                f"--role: no model plays a role {role_name!r}; choose from {slugs}"
            )
        names = self._domains if domain is None else (domain,)
        return [(name, role) for name in names for role in roles]

    def role_assignments(self) -> dict[str, RoleAssignment]:
        """The published assignments by key."""
        newest: dict[str, RoleAssignment] = {}
        for item in self._assignment_history():
            key = assignment_key(item.domain, item.role)
            if key not in newest or item.version >= newest[key].version:
                newest[key] = item
        return newest

    def versions(self, domain: str, role: Role) -> dict[int, RoleAssignment]:
        """The versions of one role assignment that are still there."""
        return {
            item.version: item
            for item in self._assignment_history()
            if (item.domain, item.role) == (domain, role)
        }

    def controls(self) -> dict[str, PolicyControl]:
        """The controls in force by key."""
        found = {}
        for key, value in KeyedValues(self.config.kafka, POLICY_CONTROL).latest().items():
            try:
                found[key] = decode(PolicyControl, value)
            except DecodeError as error:
                click.echo(f"ignored the control of {key}: {error}", err=True)
        return found

    def control(self, changes: Mapping[str, PolicyControl | None]) -> None:
        """Put controls in force, or end them (None)."""
        if changes:
            KeyedValues(self.config.kafka, POLICY_CONTROL).write(
                {key: None if item is None else encode(item) for key, item in changes.items()}
            )

    def state(self, key: Key) -> PolicyState | None:
        """The learnt state that covers a key; None before anything was learnt.

        Raises InvalidInputError if it cannot be read.
        """
        number = policy_partition(key[0], self.config.kafka.partitions)
        kept = KeyedValues(self.config.kafka, POLICY_STATE).latest().get(str(number))
        return None if kept is None else _state(kept)

    def run_book(self) -> RunBook:
        """What the policy agents saw of all arms and paid in all roles; raises as `state` does."""
        whole = RunBook()
        for kept in KeyedValues(self.config.kafka, POLICY_STATE).latest().values():
            part = _state(kept).runs
            whole.arms.update(part.arms)
            whole.accounts.update(part.accounts)
        return whole

    def _assignment_history(self) -> list[RoleAssignment]:
        found = []
        for key, value in KeyedValues(self.config.kafka, ROLE_ASSIGNMENTS).history():
            if value is None:
                continue
            try:
                found.append(decode(RoleAssignment, value))
            except DecodeError as error:
                click.echo(f"ignored a role assignment of {key}: {error}", err=True)
        return found


def _state(kept: bytes) -> PolicyState:
    try:
        return decode(PolicyState, kept)
    except DecodeError as error:
        raise InvalidInputError(f"the policy's kept state is unreadable: {error}") from None


@dataclass(frozen=True)
class RoleView:
    """One role of one domain: what is published, and what people said."""

    key: Key
    role_assignment: RoleAssignment | None
    control: PolicyControl | None

    @property
    def line(self) -> str:
        """One line."""
        domain, role = self.key
        if self.role_assignment is None:
            published = "nothing published yet"
        else:
            shares = self.role_assignment.mix
            mix = ", ".join(f"{share.model} {share.probability:.0%}" for share in shares)
            published = f"version {self.role_assignment.version}, {mix}"
        return f"{domain:12} {role.slug:22} {published}; {control_text(self.control)}"

    def as_json(self) -> dict[str, Any]:
        """As JSON values."""
        given = self.role_assignment
        return {
            "domain": self.key[0],
            "role": self.key[1].value,
            "role_assignment": None if given is None else given.model_dump(mode="json"),
            "control": None if self.control is None else self.control.model_dump(mode="json"),
        }


def control_text(control: PolicyControl | None) -> str:
    """What people said, in a few words."""
    if control is None:
        return "the policy decides"
    since = control.at.isoformat(timespec="seconds")
    if control.mode is ControlMode.PINNED:
        return f"pinned to {control.model} since {since}"
    if control.role_assignment is not None:
        return f"rolled back to version {control.role_assignment.version} and frozen since {since}"
    return f"frozen since {since}"
