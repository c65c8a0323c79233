"""What the policy saved: what was paid, beside what one arm for everything would have cost."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.config import ModelSettings
from pipeline.decisions.run_book import Account, ArmRecord
from pipeline.models.prices import cost_usd

ADEQUATE = 0.01
"""An arm is adequate if its share of right answers is within one per cent of the best arm's."""
LEAST_KNOWN = 5.0
"""Known results in each role that an arm must have to be compared with others."""


@dataclass(frozen=True, slots=True)
class Against:
    """Savings against one arm, as fractions; `usd`: what the kept answers cost at its prices."""

    model: str
    usd: float
    kept: float
    paid: float
    all_in: float


@dataclass(frozen=True, slots=True)
class Savings:
    """An account with what it saved; None where there is nothing to compare with yet."""

    account: Account
    dearest: Against | None
    cheapest_adequate: Against | None

    def as_dict(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "decisions": self.account.decisions_kept,
            "paid_usd": {
                **dict(sorted(self.account.by_purpose.items())),
                "total": self.account.total_usd,
            },
            "saved_vs_dearest": _as_dict(self.dearest),
            "saved_vs_cheapest_adequate": _as_dict(self.cheapest_adequate),
        }


def savings(
    account: Account,
    arms: Sequence[ModelSettings],
    roles: Sequence[Mapping[str, ArmRecord]],
) -> Savings:
    """The savings of `account` against the dearest and the cheapest adequate of `arms`.

    `roles`: the arms' records in each role of the account. The same tokens are priced at another
    arm's prices: what it would have been asked and answered itself nobody knows.
    """
    ranked = sorted(arms, key=lambda arm: _priced(account, arm))
    adequate = _cheapest_adequate(ranked, roles)
    return Savings(
        account,
        _against(account, ranked[-1]) if ranked else None,
        None if adequate is None else _against(account, adequate),
    )


def _cheapest_adequate(
    ranked: Sequence[ModelSettings], roles: Sequence[Mapping[str, ArmRecord]]
) -> ModelSettings | None:
    """None while fewer than two arms (of several) can be compared."""
    shares = [(arm, _share(arm.name, roles)) for arm in ranked]
    known = [(arm, share) for arm, share in shares if share is not None]
    if not known or (len(known) < 2 and len(ranked) > 1):
        return None
    best = max(share for _, share in known)
    return next(arm for arm, share in known if share >= best - ADEQUATE)


def _share(model: str, roles: Sequence[Mapping[str, ArmRecord]]) -> float | None:
    """Mean over the roles of the arm's share of right answers, None if one is not known."""
    found = [rows.get(model, ArmRecord()) for rows in roles if rows]
    if not found or any(record.known < LEAST_KNOWN for record in found):
        return None
    return sum(record.right / record.known for record in found) / len(found)


def _against(account: Account, arm: ModelSettings) -> Against | None:
    usd = _priced(account, arm)
    if usd <= 0.0:
        return None
    return Against(
        arm.name,
        usd,
        1.0 - account.kept_usd / usd,
        1.0 - account.runs_usd / usd,
        1.0 - account.total_usd / usd,
    )


def _priced(account: Account, arm: ModelSettings) -> float:
    return cost_usd(arm, account.input_tokens, account.cached_tokens, account.output_tokens)


def _as_dict(against: Against | None) -> dict[str, Any] | None:
    return None if against is None else asdict(against)
