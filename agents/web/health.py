"""Whether a process is alive and whether it is ready, judged by what can be seen of its apps."""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from agents.role_app import RoleApp

POLL_LIMIT_S = 60.0
"""A consumer that could poll and has not for so long is stuck."""
BROKER_LIMIT_S = 6.0
"""A broker that has not answered for so long is away."""


@dataclass(frozen=True)
class AppState:
    """What is seen of one role's app at a moment.

    `assigned` counts partitions, None while the group settles; `polled_ago_s` is None before the
    consumer exists; `busy` means that it may take nothing more before something is done, `stalled`
    that a partition with lag does not move, for no reason that is known.
    """

    name: str
    started: bool
    crashed: bool
    assigned: int | None
    recovered: bool
    polled_ago_s: float | None
    busy: bool
    stalled: bool = False


@dataclass(frozen=True)
class Verdict:
    """Yes or no, and each reason why not."""

    yes: bool
    reasons: tuple[str, ...]


def alive(apps: Iterable[AppState], broker_ago_s: float | None) -> Verdict:
    """Whether a restart would not help.

    No if an app crashed, or if its consumer does not poll though it has partitions and room and
    the broker answers: while the broker is away, a restart brings nothing.
    """
    reasons = []
    for app in apps:
        if app.crashed:
            reasons.append(f"{app.name}: crashed")
        elif (
            app.assigned
            and not app.busy
            and _lately(broker_ago_s)
            and app.polled_ago_s is not None
            and app.polled_ago_s > POLL_LIMIT_S
        ):
            reasons.append(f"{app.name}: has not polled Kafka for {app.polled_ago_s:.0f} s")
    return Verdict(not reasons, tuple(reasons))


def ready(apps: Iterable[AppState], broker_ago_s: float | None) -> Verdict:
    """Whether messages are being worked on.

    That is: the broker answers, every app is in its group, knows its partitions (which may be
    none, where there are more members than partitions), has its state back and gets on.
    """
    reasons = []
    if not _lately(broker_ago_s):
        since = "yet" if broker_ago_s is None else f"for {broker_ago_s:.0f} s"
        reasons.append(f"no broker has answered {since}")
    for app in apps:
        if app.crashed or not app.started:
            reasons.append(f"{app.name}: {'crashed' if app.crashed else 'not started'}")
        elif app.assigned is None:
            reasons.append(f"{app.name}: waits for its partitions")
        elif not app.recovered:
            reasons.append(f"{app.name}: reads its state back")
        elif app.stalled:
            reasons.append(f"{app.name}: stands still")
    return Verdict(not reasons, tuple(reasons))


class Health:
    """The health of a process with these apps.

    `broker_ago_s` says since when Kafka is silent, `stalled` names the apps that stand still.
    """

    def __init__(
        self,
        apps: Sequence[RoleApp],
        broker_ago_s: Callable[[], float | None],
        stalled: Callable[[], frozenset[str]] = frozenset,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._apps = apps
        self._stalled = stalled
        self._broker_ago_s = broker_ago_s
        self._monotonic = monotonic

    def alive(self) -> Verdict:
        """Whether a restart would not help."""
        return alive(map(self._state, self._apps), self._broker_ago_s())

    def ready(self) -> Verdict:
        """Whether messages are being worked on."""
        return ready(map(self._state, self._apps), self._broker_ago_s())

    def _state(self, role_app: RoleApp) -> AppState:
        app, assigned = role_app.app, role_app.assigned
        consumer: Any = app.consumer if app.started else None
        polled_s = getattr(consumer, "polled_s", None)
        return AppState(
            name=role_app.name,
            started=bool(app.started),
            crashed=app.crash_reason is not None,
            assigned=None if assigned is None else len(assigned),
            recovered=assigned is not None
            and consumer is not None
            and bool(consumer.flow_active)
            and role_app.recovered({tp.partition for tp in assigned}),
            polled_ago_s=None if polled_s is None else self._monotonic() - polled_s,
            busy=role_app.delivery.full,
            stalled=role_app.name in self._stalled(),
        )


def _lately(broker_ago_s: float | None) -> bool:
    return broker_ago_s is not None and broker_ago_s <= BROKER_LIMIT_S
