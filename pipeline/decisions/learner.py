"""What was learnt of some roles: a policy, a book of judges, and how far the events were read."""

from collections import OrderedDict
from dataclasses import replace

from pipeline.decisions.budget import BudgetPeriod
from pipeline.decisions.ledger import identity
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.run_book import RunBook
from pipeline.errors import InvalidInputError
from pipeline.rolerl.judge_book import BookState, JudgeBook
from pipeline.rolerl.judging import HALF, Judge
from pipeline.rolerl.messages import observation_of
from pipeline.rolerl.policy import Observation, Policy
from schemas.base import Message
from schemas.rewards import QualitySource, RewardEvent, assignment_key
from schemas.roles import Role

_RECENT_EVENTS = 512


class PolicyState(Message):
    """A learner as it is kept; `policy` is the name the user gave.

    `position` is the last offset of `role-rewards` it has learnt from; `recent` are the last
    events' identities, so that a repeated event counts once; `dump` is the policy's own state;
    `runs` is what people are told of the arms and the money, `budget` the period's account.
    """

    policy: str
    position: int = -1
    recent: tuple[str, ...] = ()
    dump: str
    judges: BookState = BookState()
    runs: RunBook = RunBook()
    budget: BudgetPeriod = BudgetPeriod()


class Learner:
    """Learns from reward events, in the order of their offsets."""

    def __init__(self, maker: PolicyMaker) -> None:
        self._maker = maker
        self._version = maker.version
        self._recent: OrderedDict[str, None] = OrderedDict()
        self.policy: Policy = maker.make()
        self.position = -1
        self.book = JudgeBook()
        self.runs = RunBook()
        self.budget = BudgetPeriod()

    def restore(self, state: PolicyState) -> None:
        """Go on from a kept state; of another policy's only the position is taken over.

        Raises InvalidInputError if the policy cannot read its own state; it then starts afresh.
        """
        self.position = state.position
        self.book = JudgeBook.of(state.judges)
        self.runs = state.runs.model_copy(deep=True)
        self.budget = state.budget.model_copy(deep=True)
        if state.policy != self._maker.name:
            return
        try:
            self.policy.load(state.dump.encode("utf-8"))
        except InvalidInputError:
            self.policy = self._maker.make()
            raise
        self._recent = OrderedDict.fromkeys(state.recent)
        self._settle()

    def state(self) -> PolicyState:
        """What is to be kept."""
        return PolicyState(
            policy=self._maker.name,
            position=self.position,
            recent=tuple(self._recent),
            dump=self.policy.dump().decode("utf-8"),
            judges=self.book.state(),
            runs=self.runs,
            budget=self.budget,
        )

    def take(self, event: RewardEvent, offset: int) -> None:
        """Learn from an event, unless it came before."""
        if offset <= self.position:
            return
        self.position = offset
        name = identity(event)
        if name in self._recent:
            return
        self._recent[name] = None
        if len(self._recent) > _RECENT_EVENTS:
            self._recent.popitem(last=False)
        self.book.take(assignment_key(event.domain, event.role), event)
        seen = self._observation(event)
        self.runs.take(event, seen)
        self.policy.update(seen)
        self._pace(event)

    def _pace(self, event: RewardEvent) -> None:
        usd, period_s = self._maker.budget_usd, self._maker.budget_period_s
        if usd is not None:
            self.budget.take(event, period_s)
            self.policy.pace(*self.budget.left(usd, period_s, event.at))

    def follow_pool(self) -> bool:
        """Tell the policy of arms that changed since the last call; returns whether any did."""
        if self._version == self._maker.version:
            return False
        self._version = self._maker.version
        # What a judgment costs is part of a policy's settings, which it has from its making.
        renewed = self._maker.make()
        renewed.load(self.policy.dump())
        self.policy = renewed
        self._settle()
        return True

    def judges(self, domain: str, role: Role) -> tuple[Judge, ...]:
        """How far the deployment's judges are trusted in a role."""
        return self.book.judges(assignment_key(domain, role), self._maker.judges)

    def _settle(self) -> None:
        """Bring the policy's pool to what is declared; what a dump holds may be out of date."""
        known = {arm.model: arm for arm in self.policy.arms()}
        wanted = {arm.model: arm for arm in self._maker.arms()}
        for model, arm in wanted.items():
            before = known.get(model)
            now = arm if before is None else replace(arm, breaker_open=before.breaker_open)
            if now != before:
                self.policy.set_arm(now)
        for model, arm in known.items():
            if model not in wanted and not arm.retired:
                self.policy.set_arm(replace(arm, retired=True))

    def _observation(self, event: RewardEvent) -> Observation:
        observation = observation_of(event)
        if event.quality_source is not QualitySource.CHECKS or (event.quality or 0.0) < HALF:
            return observation
        if self._maker.judges or self._maker.measured(event.role.value):
            # Where judges tell right from wrong, or it was measured how often an arm is right,
            # having passed the free checks, as nearly all do, is no knowledge.
            return observation._replace(quality=None, source=None)
        return observation
