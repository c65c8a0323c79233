"""The arms a policy may choose from: declared price, prior, and whether they may run now."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pipeline.errors import ConfigurationError


@dataclass(frozen=True, slots=True)
class Arm:
    """One choice of the policy: a model with its parameters and prompt version.

    `price_usd`: declared price of a typical run, the only thing known of a new arm;
    `prior_success`: share of successes expected before any run, None if nobody knows;
    `prior_weight`: how many observed runs that prior is worth; `role_priors`: the same by role,
    where it is known apart; `roles`: the roles it can play, None = all; `list_price_usd`: what says
    how good it may be, where that is not the price of a run (a model asked in smaller batches costs
    more and is no other model). An arm that is `retired` or whose breaker is open is never picked.
    """

    model: str
    price_usd: float
    prior_success: float | None = None
    prior_weight: float = 2.0
    role_priors: Mapping[str, float] = field(default_factory=dict)
    roles: frozenset[str] | None = None
    retired: bool = False
    breaker_open: bool = False
    list_price_usd: float | None = None

    @property
    def ranked_usd(self) -> float:
        """The price that it stands by among other arms."""
        return self.price_usd if self.list_price_usd is None else self.list_price_usd

    @property
    def live(self) -> bool:
        """Whether it may be picked at all."""
        return not (self.retired or self.breaker_open)

    def plays(self, role: str) -> bool:
        """Whether it may be picked for this role."""
        return self.live and (self.roles is None or role in self.roles)


class Pool:
    """The arms by name, cheapest first; `version` grows with every change."""

    def __init__(self, arms: Iterable[Arm] = ()) -> None:
        self._arms: dict[str, Arm] = {}
        self._by_role: dict[str, tuple[Arm, ...]] = {}
        self.version = 0
        for arm in arms:
            self.put(arm)

    def __iter__(self) -> Iterator[Arm]:
        return iter(self._arms.values())

    def __len__(self) -> int:
        return len(self._arms)

    def __contains__(self, model: str) -> bool:
        return model in self._arms

    def put(self, arm: Arm) -> None:
        """Add an arm or replace the one of that name."""
        if arm.price_usd < 0:
            raise ConfigurationError(f"arm {arm.model!r}: price_usd {arm.price_usd} is negative")
        self._arms[arm.model] = arm
        self._arms = dict(sorted(self._arms.items(), key=lambda kv: (kv[1].price_usd, kv[0])))
        self._by_role.clear()
        self.version += 1

    def get(self, model: str) -> Arm:
        """The arm of that name; ConfigurationError if there is none."""
        try:
            return self._arms[model]
        except KeyError:
            known = ", ".join(self._arms) or "none"
            raise ConfigurationError(
                f"arm {model!r} is not in the pool; add it first (known: {known})"
            ) from None

    def change(self, model: str, **changes: object) -> None:
        """Replace fields of one arm, e.g. `price_usd=0.2` or `retired=True`."""
        self.put(replace(self.get(model), **changes))  # type: ignore[arg-type]

    def playing(self, role: str) -> tuple[Arm, ...]:
        """The arms that may be picked for `role`, cheapest first; ConfigurationError if none."""
        found = self._by_role.get(role)
        if found is None:
            found = tuple(arm for arm in self._arms.values() if arm.plays(role))
            if not found:
                raise ConfigurationError(
                    f"no arm can play {role!r}: every one is retired, has an open breaker or does "
                    "not offer the role; add an arm or wait for a breaker to close"
                )
            self._by_role[role] = found
        return found
