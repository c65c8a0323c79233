"""Policies by the names the user gives them."""

from collections.abc import Callable, Iterable

from pipeline.errors import ConfigurationError
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policies.default import DefaultPolicy
from pipeline.rolerl.policies.epsilon_greedy import EpsilonGreedyPolicy
from pipeline.rolerl.policies.fixed import FixedPolicy
from pipeline.rolerl.policies.paper import PaperPolicy
from pipeline.rolerl.policies.peers import MabwiserPolicy, ParetoBanditPolicy, RiverPolicy
from pipeline.rolerl.policies.thompson import ThompsonPolicy
from pipeline.rolerl.policies.ucb import UcbPolicy
from pipeline.rolerl.policy import Policy
from pipeline.rolerl.settings import PolicySettings

Maker = Callable[[Iterable[Arm], PolicySettings], Policy]

MAKERS: dict[str, Maker] = {
    "default": DefaultPolicy,
    "paper": PaperPolicy,
    "fixed": FixedPolicy,
    "epsilon-greedy": EpsilonGreedyPolicy,
    "ucb": UcbPolicy,
    "thompson": ThompsonPolicy,
    "peer:mabwiser-linucb": MabwiserPolicy,
    "peer:river-ucb": RiverPolicy,
    "peer:paretobandit": ParetoBanditPolicy,
}

FIXED_PREFIX = "fixed:"


def policy_names() -> tuple[str, ...]:
    """Every name that `make_policy` takes; `fixed:MODEL` is taken too."""
    return tuple(MAKERS)


def make_policy(name: str, arms: Iterable[Arm], settings: PolicySettings) -> Policy:
    """A fresh policy by name; ConfigurationError if the name is not known."""
    if name.startswith(FIXED_PREFIX):
        return FixedPolicy(arms, settings, model=name.removeprefix(FIXED_PREFIX))
    maker = MAKERS.get(name)
    if maker is None:
        raise ConfigurationError(
            f"policy {name!r} is not known; choose one of {', '.join(MAKERS)}, fixed:MODEL"
        )
    return maker(arms, settings)
