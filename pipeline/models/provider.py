"""A provider, that is one base URL: whether it is there is found out once, for all its arms."""

from collections.abc import Awaitable, Callable

from pipeline.models.breaker import BreakerState
from pipeline.models.completion import ModelFaultError, ModelMisconfiguredError
from pipeline.models.gate import Gate

_UNKNOWN = (BreakerState.UNPROVED, BreakerState.HALF_OPEN)


class Provider:
    """Stands before all arms of one base URL.

    While it is not known to be there, one request asks for it and every call waits for the answer:
    a provider that is down costs one time-out, not one a call.
    """

    def __init__(self, gate: Gate) -> None:
        self.gate = gate

    async def ensure(self, reach: Callable[[], Awaitable[None]]) -> int:
        """Wait until the provider is known to be there; `reach` finds out.

        Gives the generation to report with. Raises the fault of `reach`, or ModelRestsError.
        """
        breaker = self.gate.breaker
        while breaker.state in _UNKNOWN:
            generation = await self.gate.enter(1)
            try:
                if breaker.state in _UNKNOWN:
                    await reach()
                    breaker.succeeded(generation)
            except ModelMisconfiguredError as fault:
                breaker.take_out(generation, str(fault))
                raise
            except ModelFaultError as fault:
                breaker.failed(generation, str(fault))
                raise
            finally:
                self.gate.leave(generation)
        if breaker.state is BreakerState.OPEN:
            self.gate.turn_away()
        return breaker.generation

    def heard(self, generation: int, answered: bool) -> None:
        """A call ended; one that was not answered at all puts the provider in doubt."""
        if not answered:
            self.gate.breaker.suspect(generation)
