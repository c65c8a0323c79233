"""What people told the policy agent, as it holds now."""

import logging

from agents.tail import Tail
from pipeline.config import KafkaSettings
from schemas.catalogue import POLICY_CONTROL
from schemas.codec import DecodeError, decode
from schemas.policy_control import PolicyControl
from schemas.rewards import assignment_key
from schemas.roles import Role

log = logging.getLogger("rolestream.policy_controls")


class PolicyControls:
    """A live view of the compacted Kafka topic."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._current: dict[str, PolicyControl] = {}
        self._tail = Tail(kafka, POLICY_CONTROL, self.heard, from_start=True)

    async def start(self) -> None:
        """Read what is in force, then follow."""
        await self._tail.start()

    async def stop(self) -> None:
        """Stop following."""
        await self._tail.stop()

    def get(self, domain: str, role: Role) -> PolicyControl | None:
        """The control in force, None if the policy is free."""
        return self._current.get(assignment_key(domain, role))

    def heard(self, key: str, value: bytes | None) -> None:
        """Take in one message."""
        if value is None:
            self._current.pop(key, None)
            return
        try:
            self._current[key] = decode(PolicyControl, value)
        except DecodeError as error:
            log.warning("ignored a control of the policy that cannot be read: %s", error)
