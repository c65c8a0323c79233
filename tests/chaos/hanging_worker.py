"""`rolestream` whose topic finder waits for ever at streams named `hangs-...`, and
blocks the event loop at those named `blocks-...`.

Run as `python -m tests.chaos.hanging_worker worker --config FILE`.
"""

import asyncio
import time
from typing import Any

from agents.delivery import Incoming
from agents.model_role import ModelRole
from deploy.cli.main import main
from schemas.roles import Role

_handle: Any = ModelRole._handle


async def handle(self: ModelRole, incoming: Incoming) -> None:
    if self._role is Role.TOPIC_FINDER:
        if (incoming.key or b"").startswith(b"hangs-"):
            await asyncio.Event().wait()
        if (incoming.key or b"").startswith(b"blocks-"):
            time.sleep(3600)  # noqa: ASYNC251 - blocking the loop is what it is for
    await _handle(self, incoming)


if __name__ == "__main__":
    ModelRole._handle = handle  # type: ignore[method-assign]
    main()
