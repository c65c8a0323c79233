"""An arm's client that asks for its allowance before every call, and settles after it."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from pipeline.allowances.bounds import PromptBound, prompt_bytes
from pipeline.allowances.purse import Spent
from pipeline.allowances.resources import REQUESTS, REQUESTS_A_SECOND, TOKENS, Resources
from pipeline.allowances.till import Till
from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.metrics import ALLOWANCE_WAIT
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelRefusedError,
    ModelTimeoutError,
)
from pipeline.models.endpoint import Completes
from pipeline.models.prices import cost_usd
from pipeline.models.sending import SENT
from schemas.allowances import Amounts


@dataclass
class Payer:
    """For which role and domain calls are made, and the arms that it cannot pay any more."""

    role: str
    domain: str
    refused: set[str] = field(default_factory=set)


NOBODY = Payer("", "")
PAYER: ContextVar[Payer] = ContextVar("payer", default=NOBODY)
"""Set where a role is served; whatever is called for that, judges included, is paid from there."""


class MeteredClient:
    """The client of one arm, as all calls of it go."""

    def __init__(
        self,
        client: Completes,
        arm: ModelSettings,
        resources: Resources,
        till: Till,
        clock: Clock,
    ) -> None:
        self._client = client
        self._arm = arm
        self._resources = resources
        self._till = till
        self._clock = clock
        self._group = resources.group(arm)
        self._bound = PromptBound()

    async def complete(
        self,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
    ) -> Completion:
        """One call, once it is covered.

        Raises AllowanceRefusedError if a budget is spent, ModelRefusedError for an arm that the
        payer was refused before, and what the client raises.
        """
        payer = PAYER.get()
        if self._arm.name in payer.refused:
            raise ModelRefusedError(f"{self._arm.name}: a budget is spent")
        size = prompt_bytes(messages, json_schema)
        most_output = min(max_output_tokens, self._arm.max_output_tokens)
        needs = self._needs(payer, self._bound.tokens(size), most_output)
        if not needs:
            return await self._client.complete(messages, json_schema, max_output_tokens)
        asked_s = self._clock.monotonic()
        spent = await self._till.pay(self._arm.name, needs)
        ALLOWANCE_WAIT.labels(self._arm.name).observe(self._clock.monotonic() - asked_s)
        return await self._paid(spent, messages, json_schema, max_output_tokens, size)

    async def reach(self) -> None:
        """Ask whether the provider is there; costs nothing."""
        await self._client.reach()

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()

    async def _paid(
        self,
        spent: Spent,
        messages: Sequence[tuple[str, str]],
        json_schema: Mapping[str, Any],
        max_output_tokens: int,
        size: int,
    ) -> Completion:
        sending = SENT.set(lambda: self._till.sent(spent, self._arrival_s))
        # A call whose end is not known may have been made and billed in full.
        actual: Mapping[str, float] = spent.needs
        try:
            completion = await self._client.complete(messages, json_schema, max_output_tokens)
            actual = self._actual(
                spent, completion.input_tokens + completion.output_tokens, completion.cost_usd
            )
            if completion.tokens_counted_by == "usage":
                self._bound.saw(size, completion.input_tokens)
            return completion
        except ModelRefusedError:
            actual = {}
            raise
        except ModelFaultError as fault:
            paid = fault.spent
            if not isinstance(fault, ModelTimeoutError) and not fault.answered:
                tokens = paid.input_tokens + paid.output_tokens
                actual = self._actual(spent, tokens, paid.cost_usd)
            raise
        finally:
            SENT.reset(sending)
            counted = TOKENS + (self._group or "")
            if self._counted == "reserved" and counted in spent.needs:
                actual = {**actual, counted: spent.needs[counted]}
            self._till.settle(spent, actual, at_arrival=self._counted != "reply")

    def _needs(self, payer: Payer, input_tokens: int, output_tokens: int) -> Amounts:
        needs: Amounts = {}
        if self._group is not None:
            bounds = {
                REQUESTS + self._group: 1.0,
                REQUESTS_A_SECOND + self._group: 1.0,
                TOKENS + self._group: float(input_tokens + output_tokens),
            }
            needs |= {name: n for name, n in bounds.items() if name in self._resources.window_names}
        usd = cost_usd(self._arm, input_tokens, 0, output_tokens)
        if usd > 0:
            needs |= dict.fromkeys(self._resources.budgets(payer.role, payer.domain), usd)
        return needs

    def _actual(self, spent: Spent, tokens: int, usd: float) -> Amounts:
        return {
            name: float(tokens) if name.startswith(TOKENS) else usd
            for name in spent.needs
            if not name.startswith((REQUESTS, REQUESTS_A_SECOND))
        }

    @property
    def _counted(self) -> str:
        return self._resources.limits[self._group].tokens_counted if self._group else "reply"

    @property
    def _arrival_s(self) -> float:
        return self._resources.limits[self._group].arrival_s if self._group else 0.0


def has_price(arm: ModelSettings) -> bool:
    """Whether any call of the arm costs money."""
    return cost_usd(arm, 1, 0, 1) > 0 or cost_usd(arm, 1, 1, 1) > 0
