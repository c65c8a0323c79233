"""The current role assignments, as every worker hears them."""

import logging

from agents.tail import Tail
from pipeline.config import KafkaSettings
from schemas.catalogue import ROLE_ASSIGNMENTS
from schemas.codec import DecodeError, decode
from schemas.rewards import RoleAssignment, assignment_key
from schemas.roles import Role

log = logging.getLogger("rolestream.role_assignments")


class RoleAssignments:
    """A live view of the compacted Kafka topic."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._current: dict[str, RoleAssignment] = {}
        self._tail = Tail(kafka, ROLE_ASSIGNMENTS, self._heard, from_start=True)

    async def start(self) -> None:
        """Read what is assigned now, then follow."""
        await self._tail.start()

    async def stop(self) -> None:
        """Stop following."""
        await self._tail.stop()

    def get(self, domain: str, role: Role) -> RoleAssignment | None:
        """What serves the role in the domain, None before any policy has spoken."""
        return self._current.get(assignment_key(domain, role))

    def all(self) -> tuple[RoleAssignment, ...]:
        """All of them, by domain and role."""
        return tuple(self._current[key] for key in sorted(self._current))

    def expect(self, role_assignment: RoleAssignment) -> None:
        """Take over what this process publishes, before Kafka gives it back."""
        key = assignment_key(role_assignment.domain, role_assignment.role)
        self._current[key] = role_assignment

    def _heard(self, key: str, value: bytes | None) -> None:
        if value is None:
            self._current.pop(key, None)
            return
        try:
            heard = decode(RoleAssignment, value)
        except DecodeError as error:
            log.warning("ignored a role assignment that cannot be read: %s", error)
            return
        before = self._current.get(key)
        # Versions begin anew when the Kafka topic was emptied and nothing told this process.
        if before is None or heard.version >= before.version or heard.at > before.at:
            self._current[key] = heard
