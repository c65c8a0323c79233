"""What all workers share: limits of providers, and budgets."""

from typing import Literal

from pydantic import Field

from pipeline.config.kafka import Section

AtLimit = Literal["degrade", "pause", "stop"]


class LimitSettings(Section):
    """A `[limits."<group>"]` table: what a provider allows all workers together.

    The group is what arms name as `limit_group`, else their `base_url`. `tokens_counted` says when
    the provider counts an answer's tokens: at its `reply` (which is right for either), at the
    `request`, or all that were `reserved` (prompt and max_tokens) at the request.
    A request counts from its reply or, if that comes sooner, `arrival_s` after it was sent.
    """

    requests_per_minute: int | None = Field(default=None, ge=1)
    tokens_per_minute: int | None = Field(default=None, ge=1)
    requests_per_second: int | None = Field(default=None, ge=1)
    tokens_counted: Literal["reply", "request", "reserved"] = "reply"
    arrival_s: float = Field(default=2.0, ge=0, le=60)


class ShareSettings(Section):
    """A `[budget.role.<role>]` or `[budget.domain.<domain>]` table."""

    hour_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    day_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    at_limit: AtLimit | None = None


class BudgetSettings(Section):
    """The `[budget]` table, US dollars; hours and days are UTC's.

    A run goes on, over restarts, until `run` is given another name. `at_limit`: `degrade` leaves
    arms with a price out, `pause` stops the partitions concerned, `stop` ends the workers.
    """

    run: str = Field(default="run", min_length=1, max_length=100)
    run_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    hour_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    day_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    at_limit: AtLimit = "degrade"
    role: dict[str, ShareSettings] = Field(default_factory=dict)
    domain: dict[str, ShareSettings] = Field(default_factory=dict)


class AllowanceSettings(Section):
    """The `[allowances]` table: how the shares are handed out; the defaults do.

    A share that is not used within `lease_s` goes back; a worker that is silent for `silent_s` has
    used its requests and tokens, one silent for `lost_s` its money too. Clocks of machines differ
    by `clock_tolerance_s` at most.
    """

    window_s: float = Field(default=60.0, gt=0)
    tick_s: float = Field(default=0.1, gt=0)
    lease_s: float = Field(default=2.0, gt=0)
    beat_s: float = Field(default=1.0, gt=0)
    silent_s: float = Field(default=5.0, gt=0)
    lost_s: float = Field(default=60.0, gt=0)
    clock_tolerance_s: float = Field(default=1.0, ge=0)
