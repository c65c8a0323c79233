"""Whether a worker's group still counts on it: who was held up for too long has lost its partitions
to others without hearing of it, and would write over what they wrote.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Any

log = logging.getLogger("rolestream.membership")

_SAFE_SHARE = 0.9
"""Of the session: what is sent just before its end has to arrive before it, too."""
_LOOK_S = 0.02


def _awake_or_asleep_s() -> float:
    """A clock that goes on while the machine sleeps, where there is one."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


class Membership:
    """A member of a consumer group whose session lasts `session_s` after a heartbeat.

    The consumer lives in a thread of its own; it only sets what the others read.
    """

    def __init__(
        self, session_s: float, elapsed_s: Callable[[], float] = _awake_or_asleep_s
    ) -> None:
        self._safe_s = session_s * _SAFE_SHARE
        self._elapsed_s = elapsed_s
        self._heard_s: float | None = None
        self._lost = False

    @property
    def sure(self) -> bool:
        """Whether nobody else can have the partitions yet; also before the first are assigned."""
        if self._lost:
            return False
        return self._heard_s is None or self._elapsed_s() - self._heard_s < self._safe_s

    async def hold(self) -> None:
        """Wait until it is sure. Who waits in vain is cancelled when the partitions go."""
        while not self.sure:  # noqa: ASYNC110 - the time passes without an event
            await asyncio.sleep(_LOOK_S)

    def watch(self, coordinator: Any) -> None:
        """Follow aiokafka's coordinator of the group: its heartbeats, its joining and its end.

        A member with a lasting name that is put out of the group goes on without it: another worker
        may have taken the name, and two would put each other out for ever.
        """
        beat, join, reset = (
            coordinator._do_heartbeat,
            coordinator._on_join_complete,
            coordinator.reset_generation,
        )

        async def do_heartbeat() -> Any:
            sent_s = self._elapsed_s()
            answered = await beat()
            if answered:
                self._heard_s = sent_s
            return answered

        async def on_join_complete(*args: Any) -> Any:
            self._heard_s, self._lost = self._elapsed_s(), False
            return await join(*args)

        def reset_generation() -> None:
            self._lost = True
            name = coordinator._group_instance_id
            if name is not None:
                log.warning(
                    "%s: out of the group as %r, going on without that group_instance_id; "
                    "is there another worker of that name?",
                    coordinator.group_id,
                    name,
                )
                coordinator._group_instance_id = None
            reset()

        coordinator._do_heartbeat = do_heartbeat
        coordinator._on_join_complete = on_join_complete
        coordinator.reset_generation = reset_generation
