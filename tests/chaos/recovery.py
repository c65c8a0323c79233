"""How long after a failure the flow is back at its full rate."""

from collections.abc import Sequence

BEFORE_S = 20.0
WINDOW_S = 3.0
FULL_SHARE = 0.9


def recovery_s(accounts: Sequence[tuple[int, float]], failed_s: float) -> float | None:
    """Seconds from `failed_s` to the full rate, None if it is not reached.

    `accounts` are partitions and times. The full rate is reached at the first moment when every
    partition has given an account since the failure, and for 3 s there come at least 0.9 times as
    many as in the 20 s before it.
    """
    partitions = {partition for partition, _ in accounts}
    before = sum(1 for _, at in accounts if failed_s - BEFORE_S <= at < failed_s)
    wanted = FULL_SHARE * before / BEFORE_S * WINDOW_S
    first: dict[int, float] = {}
    for partition, at in sorted(accounts, key=lambda item: item[1]):
        # What was under way at the moment of failure says nothing of the time after it.
        if at > failed_s + 1.0:
            first.setdefault(partition, at)
    if set(first) != partitions:
        return None
    all_back_s = max(first.values())
    for at in sorted(at for _, at in accounts if at >= all_back_s):
        if sum(1 for _, other in accounts if at <= other < at + WINDOW_S) >= wanted:
            return at - failed_s
    return None
