"""What workers ask of the allowances coordinator, and the ledger it publishes in answer.

An amount is requests, tokens or US dollars, by the name of its resource: `requests:<group>`,
`tokens:<group>`, `usd:<account>`.
"""

from datetime import datetime

from pydantic import Field

from schemas.base import Message, NonNegative, Part

Amounts = dict[str, NonNegative]


class Use(Part):
    """Amounts that were used up by `at_s`, in the coordinator's time of the request's epoch."""

    at_s: float
    amounts: Amounts


class LeaseReport(Part):
    """What a worker still holds of a lease, and what it used since its last report."""

    lease_id: str
    held: Amounts = Field(default_factory=dict)
    used: tuple[Use, ...] = ()


class AllowanceRequest(Message):
    """On `allowance-requests`; replaces what the worker wanted before.

    `wanted` are the bounds of single calls, oldest first; the first `waiting` of them wait, the
    others are expected soon. `sequence` grows with every request, `sent_s` is the worker's own
    clock; `epoch` and `version` say which ledger the worker had heard of.
    """

    worker: str = Field(min_length=1, max_length=200)
    sequence: int = Field(ge=1)
    sent_s: float
    epoch: int = Field(default=0, ge=0)
    version: int = Field(default=0, ge=0)
    wanted: tuple[Amounts, ...] = ()
    waiting: int = Field(default=0, ge=0)
    leases: tuple[LeaseReport, ...] = ()


class Lease(Part):
    """Amounts that a worker may use up, once, until `expires_s` (coordinator's time)."""

    lease_id: str
    worker: str
    amounts: Amounts
    expires_s: float


class Heard(Part):
    """The last request of a worker that is in the ledger: its clock, and the coordinator's."""

    worker: str
    epoch: int = Field(ge=0)
    sequence: int = Field(ge=0)
    sent_s: float
    received_s: float


class WindowState(Part):
    """A limit of a sliding window: what was used by when, oldest first."""

    resource: str
    limit: NonNegative
    window_s: float = Field(gt=0)
    used: tuple[tuple[float, NonNegative], ...] = ()


class AccountState(Part):
    """A budget in its present period; `spent_since` is set once a call did not fit any more."""

    resource: str
    limit_usd: NonNegative
    period: str
    spent_usd: NonNegative = 0.0
    spent_since: datetime | None = None
    at_limit: str = "degrade"
    until: datetime | None = None


class AllowanceLedger(Message):
    """The whole ledger, on `allowances` (compacted, one key): durable state and grants in one.

    A later epoch is another coordinator: what a former one writes after it does not count. With
    version 0 a coordinator claims its epoch; the first claim of an epoch holds.
    """

    coordinator: str
    epoch: int = Field(ge=1)
    version: int = Field(ge=0)
    windows: tuple[WindowState, ...] = ()
    accounts: tuple[AccountState, ...] = ()
    leases: tuple[Lease, ...] = ()
    heard: tuple[Heard, ...] = ()
    at: datetime
