"""`rolestream` whose wall clock steps back an hour 30 s after its start; only that clock does.

Run as `python -m tests.chaos.stepping_worker worker --config FILE`. Everything in this process that
asks Python's `time.time` or Rolestream's clock sees the step; librdkafka and the kernel do not.
"""

import time
from datetime import UTC, datetime, timedelta

from deploy.cli.main import main
from pipeline.clock import SystemClock

STEP_S = 3600.0
AFTER_S = 30.0
_time = time.time
_started_s = time.monotonic()


def stepped() -> float:
    return STEP_S if time.monotonic() - _started_s > AFTER_S else 0.0


if __name__ == "__main__":
    time.time = lambda: _time() - stepped()
    SystemClock.now = (  # type: ignore[method-assign]
        lambda self: datetime.now(UTC) - timedelta(seconds=stepped())
    )
    main()
