"""The gates of arms and providers: how each breaker is set, told of faults, logged and measured."""

import logging
from collections.abc import MutableSet
from random import Random

from prometheus_client import Gauge

from pipeline.clock import Clock
from pipeline.metrics import BREAKER_STATE, PROVIDER_BREAKER_STATE
from pipeline.models.breaker import Breaker, BreakerSettings, BreakerState
from pipeline.models.completion import (
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
)
from pipeline.models.gate import Gate

log = logging.getLogger("rolestream.models")

ARM_BREAKER = BreakerSettings()
PROVIDER_BREAKER = BreakerSettings(most_rest_s=30.0, ramp=())
_LEVELS = {
    BreakerState.UNPROVED: 0,
    BreakerState.CLOSED: 0,
    BreakerState.RAMPING: 1,
    BreakerState.HALF_OPEN: 1,
    BreakerState.OPEN: 2,
}


def arm_gate(name: str, clock: Clock, rng: Random, held_back: MutableSet[Breaker]) -> Gate:
    """The gate of an arm; `held_back` has its breaker while that may hold calls back."""
    breaker = Breaker(clock, rng, ARM_BREAKER)
    return _gate(name, f"arm {name}", breaker, BREAKER_STATE.labels(name), held_back)


def provider_gate(base_url: str, clock: Clock, rng: Random, held_back: MutableSet[Breaker]) -> Gate:
    """The gate of a base URL: one request without an answer puts it in doubt."""
    breaker, level = Breaker(clock, rng, PROVIDER_BREAKER), PROVIDER_BREAKER_STATE.labels(base_url)
    return _gate(base_url, f"provider {base_url}", breaker, level, held_back)


def told(breaker: Breaker, generation: int, fault: ModelFaultError) -> None:
    """Tell an arm's breaker how a call failed."""
    if isinstance(fault, ModelMisconfiguredError):
        breaker.take_out(generation, str(fault))
    elif isinstance(fault, ModelRateLimitedError) and fault.retry_after_s is not None:
        breaker.rest(fault.retry_after_s, str(fault))
    else:
        breaker.failed(generation, str(fault), fault.answered)


def _gate(
    name: str, what: str, breaker: Breaker, level: Gauge, held_back: MutableSet[Breaker]
) -> Gate:
    was_open = False

    def changed(reason: str) -> None:
        nonlocal was_open
        state = breaker.state
        level.set(_LEVELS[state])
        if _LEVELS[state]:
            held_back.add(breaker)
        else:
            held_back.discard(breaker)
        if state is BreakerState.OPEN:
            was_open = True
            log.warning("%s rests for %.0f s: %s", what, breaker.returns_in_s, reason)
        elif state is BreakerState.CLOSED and was_open:
            was_open = False
            log.info("%s is back", what)

    breaker.on_change(changed)
    level.set(_LEVELS[breaker.state])
    return Gate(name, breaker)
