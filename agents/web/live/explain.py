"""Why an arm has a role, in the policy's own words, from its newest kept state."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.decisions.learner import Learner, PolicyState
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.errors import InvalidInputError
from schemas.codec import DecodeError, decode
from schemas.partitions import policy_partition
from schemas.roles import Role


@dataclass(frozen=True, slots=True)
class Explanation:
    """The policy's words on a role; `learnt` is false before it has learnt anything of it."""

    domain: str
    role: str
    policy: str
    learnt: bool
    words: str


class Explainer:
    """Rebuilds the policy from `states`, its kept states by partition number, when asked."""

    def __init__(self, maker: PolicyMaker, states: Mapping[int, bytes], partitions: int) -> None:
        self._maker = maker
        self._states = states
        self._partitions = partitions
        self._rebuilt: dict[int, tuple[bytes, int, Learner, bool]] = {}

    def explain(self, domain: str, role: Role) -> Explanation:
        """What the policy says of a role in a domain."""
        number = policy_partition(domain, self._partitions)
        learner, learnt = self._learner(number)
        words = learner.policy.explain((domain, role.value))
        return Explanation(domain, role.value, self._maker.name, learnt, words)

    def _learner(self, number: int) -> tuple[Learner, bool]:
        kept = self._states.get(number, b"")
        found = self._rebuilt.get(number)
        if found is not None and found[0] is kept and found[1] == self._maker.version:
            return found[2], found[3]
        learner, learnt = Learner(self._maker), False
        if kept:
            try:
                state = decode(PolicyState, kept)
                learner.restore(state)
                learnt = state.policy == self._maker.name
            except (DecodeError, InvalidInputError):
                learner = Learner(self._maker)
        self._rebuilt[number] = (kept, self._maker.version, learner, learnt)
        return learner, learnt
