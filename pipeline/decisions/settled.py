"""Which roles need no new plan: planning takes all arms, and mostly nothing has changed."""

from typing import NamedTuple

from schemas.policy_control import PolicyControl
from schemas.rewards import RoleAssignment
from schemas.roles import Role

Place = tuple[str, Role]
"""A role in a domain."""


class _Basis(NamedTuple):
    control: PolicyControl | None
    current: RoleAssignment | None


class Settled:
    """The roles whose assignment would come out the same: nothing it rests on has changed.

    It rests on what was learnt of its domain, on the pool, on what people say and on what is
    published now.
    """

    def __init__(self) -> None:
        self._bases: dict[Place, _Basis] = {}
        self._learnt: set[str] = set()

    def learnt(self, domain: str) -> None:
        """Something was learnt of the domain."""
        self._learnt.add(domain)

    def forget(self) -> None:
        """Everything has to be looked at again."""
        self._bases.clear()
        self._learnt.clear()

    def begin(self, *, all_domains: bool) -> None:
        """Before a look at every role: those of the domains that were learnt of are open again.

        `all_domains`: what is learnt of one domain concerns all, as they share a budget.
        """
        if self._learnt and all_domains:
            self._bases.clear()
        elif self._learnt:
            self._bases = {
                place: basis for place, basis in self._bases.items() if place[0] not in self._learnt
            }
        self._learnt.clear()

    def holds(
        self, place: Place, control: PolicyControl | None, current: RoleAssignment | None
    ) -> bool:
        """Whether the role was looked at on this very basis."""
        basis = self._bases.get(place)
        return basis is not None and basis.control is control and basis.current is current

    def settle(
        self, place: Place, control: PolicyControl | None, current: RoleAssignment | None
    ) -> None:
        """The role was looked at, and `current` may stay."""
        self._bases[place] = _Basis(control, current)
