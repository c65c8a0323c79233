"""What is learnt survives a restart, counts once, and follows the pool."""

from datetime import timedelta
from typing import Any

import pytest

from pipeline.config import Config
from pipeline.decisions.learner import Learner, PolicyState
from pipeline.decisions.plans import PINNED_POLICY, next_assignment
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.models.declared import DeclaredModels
from schemas.codec import decode, encode
from schemas.policy_control import ControlMode, PolicyControl
from schemas.pool_change import PoolChange, PoolOperation
from schemas.rewards import JudgeVerdict, Outcome, QualitySource, RewardEvent, RoleAssignment
from schemas.roles import Role
from tests.in_memory_models import arm
from tests.role_tasks import AT
from tests.unit.pipeline.decisions.test_ledger import event

ROLE = Role.TOPIC_FINDER


def config(policy: str = "thompson", judges: tuple[str, ...] = (), **judging: Any) -> Config:
    return Config.model_validate(
        {
            "kafka": {"bootstrap_servers": "127.0.0.1:1"},
            "policy": {"name": policy, "seed": 1},
            "judging": {"models": judges, **judging},
            "models": [
                arm("cheap", 1.0).model_dump(),
                arm("dear", 10.0).model_dump(),
                *(arm(name, 5.0, roles=("judge",)).model_dump() for name in judges),
            ],
        }
    )


class Bench:
    """A learner over a pool that can change."""

    def __init__(self, of: Config | None = None) -> None:
        self.config = of or config()
        self.declared = DeclaredModels(self.config.models)
        self.maker = PolicyMaker(self.config, self.declared)
        self.learner = Learner(self.maker)
        self._offset = 0

    def change(self, operation: str, name: str, price: float = 1.0) -> None:
        declaration = arm(name, price).declaration
        change = PoolChange(operation=PoolOperation(operation), declaration=declaration, at=AT)
        self.declared.change(name, change)

    def learn(self, times: int = 1, **fields: Any) -> None:
        for _ in range(times):
            self._offset += 1
            self.learner.take(event(decision_id=f"d{self._offset}", **fields), self._offset)

    def next(
        self, control: PolicyControl | None = None, current: RoleAssignment | None = None
    ) -> RoleAssignment | None:
        return next_assignment(self.learner, "garden", ROLE, control, current, AT)

    def published(self, control: PolicyControl | None = None) -> RoleAssignment:
        found = self.next(control)
        assert found is not None
        return found


def taught(bench: Bench) -> Bench:
    """Cheap is broken, dear is right."""
    bench.learn(10, model="cheap", outcome=Outcome.INVALID, quality=0.0)
    bench.learn(10, model="dear", quality=1.0, quality_source=QualitySource.GOLD)
    return bench


class TestLearning:
    def test_a_role_without_an_arm_is_learnt_of_all_the_same(self) -> None:
        bench = Bench()
        for name in ("cheap", "dear"):
            bench.change("retire", name)
        bench.learner.follow_pool()
        bench.learn(1, model="dear")
        assert bench.learner.runs.account(["garden|topic_finder"]).total_usd == 1.0

    def test_arms_and_money_survive_a_restart_and_another_policy(self) -> None:
        kept = decode(PolicyState, encode(taught(Bench()).learner.state()))
        for policy in ("thompson", "ucb"):
            again = Bench(config(policy))
            again.learner.restore(kept)
            account = again.learner.runs.account(["garden|topic_finder"])
            assert account.total_usd == pytest.approx(20.0)
            assert again.learner.runs.records("garden|topic_finder")["dear"].runs == 10

    def test_it_learns_from_events(self) -> None:
        assert taught(Bench()).published().primary == "dear"

    def test_an_event_counts_once(self) -> None:
        bench = Bench()
        repeated = event(model="cheap", outcome=Outcome.INVALID, quality=0.0)
        bench.learner.take(repeated, 1)
        state = bench.learner.policy.dump()
        bench.learner.take(repeated, 1)
        bench.learner.take(repeated, 2)
        assert bench.learner.policy.dump() == state
        assert bench.learner.position == 2

    def test_it_goes_on_from_its_state(self) -> None:
        bench = taught(Bench())
        state = encode(bench.learner.state())
        again = Bench()
        again.learner.restore(decode(PolicyState, state))
        assert encode(again.learner.state()) == state
        assert again.published() == bench.published()

    def test_of_another_policy_only_the_position_is_taken_over(self) -> None:
        bench = taught(Bench())
        other = Bench(config("ucb"))
        other.learner.restore(bench.learner.state())
        assert other.learner.position == bench.learner.position
        assert other.learner.policy.dump() == Bench(config("ucb")).learner.policy.dump()

    def test_a_state_nobody_can_read_is_told_and_left(self) -> None:
        bench = Bench()
        broken = bench.learner.state().model_copy(update={"dump": "{}", "position": 7})
        with pytest.raises(InvalidInputError):
            bench.learner.restore(broken)
        assert bench.learner.position == 7
        bench.published()

    def test_where_judges_judge_having_passed_the_checks_is_no_knowledge(self) -> None:
        passed = {"model": "dear", "quality": 1.0, "quality_source": QualitySource.CHECKS}
        with_judges, without = Bench(config(judges=("j",))), Bench()
        for bench in (with_judges, without):
            before = bench.learner.policy.explain(("garden", ROLE.value))
            bench.learn(5, **passed)
            after = bench.learner.policy.explain(("garden", ROLE.value))
            assert (after == before) == (bench is with_judges)

    @pytest.mark.parametrize("measured", [("cheap", "dear"), ("dear",)])
    def test_where_every_arm_was_measured_having_passed_the_checks_is_no_knowledge(
        self, measured: tuple[str, ...]
    ) -> None:
        given = config()
        models = tuple(
            model.model_copy(update={"role_priors": {ROLE.value: 0.6}})
            if model.name in measured
            else model
            for model in given.models
        )
        bench = Bench(given.model_copy(update={"models": models}))
        before = bench.learner.policy.explain(("garden", ROLE.value))
        bench.learn(5, model="dear", quality=1.0, quality_source=QualitySource.CHECKS)
        after = bench.learner.policy.explain(("garden", ROLE.value))
        assert (after == before) == (len(measured) == 2)
        bench.learn(5, model="dear", quality=0.0, quality_source=QualitySource.CHECKS)
        assert bench.learner.policy.explain(("garden", ROLE.value)) != before


class TestPool:
    def test_a_new_arm_is_told_to_the_policy(self) -> None:
        bench = taught(Bench())
        assert not bench.learner.follow_pool()
        bench.change("add", "new", 0.5)
        assert bench.learner.follow_pool()
        assert not bench.learner.follow_pool()
        arms = {a.model: a for a in bench.learner.policy.arms()}
        assert arms["new"].price_usd == pytest.approx(0.5 * 2600e-6)
        given = bench.published()
        assert "new" in {share.model for share in (*given.mix, *given.fallbacks)}

    def test_a_retired_arm_is_not_published(self) -> None:
        bench = taught(Bench())
        bench.change("retire", "dear")
        bench.learner.follow_pool()
        given = bench.published()
        assert {share.model for share in (*given.mix, *given.fallbacks)} == {"cheap"}

    def test_what_was_learnt_stays(self) -> None:
        bench = taught(Bench())
        bench.change("add", "cheap", 2.0)
        bench.learner.follow_pool()
        assert bench.published().primary == "dear"

    def test_a_dump_does_not_bring_old_arms_back(self) -> None:
        old = taught(Bench())
        old.change("add", "gone")
        old.learner.follow_pool()
        again = Bench()
        again.learner.restore(old.learner.state())
        assert {a.model for a in again.learner.policy.arms() if a.live} == {"cheap", "dear"}

    def test_judges_are_no_arms_but_have_a_price(self) -> None:
        bench = Bench(config(judges=("j", "k"), audit_rate=0.2))
        assert {a.model for a in bench.maker.arms()} == {"cheap", "dear"}
        one = (3000 + 120) * 5.0 * 1e-6
        assert bench.maker.settings().judge_price_usd == pytest.approx(one * 1.2)
        assert Bench().maker.settings().judge_price_usd is None

    def test_without_any_arm_there_is_nothing_to_publish(self) -> None:
        bench = Bench()
        for name in ("cheap", "dear"):
            bench.change("retire", name)
        bench.learner.follow_pool()
        with pytest.raises(ConfigurationError):
            bench.next()


class TestControl:
    def control(self, **fields: Any) -> PolicyControl:
        return PolicyControl(domain="garden", role=ROLE, at=AT, **fields)

    def test_versions_grow_and_nothing_is_said_twice(self) -> None:
        bench = Bench(config("fixed:dear"))
        first = bench.published()
        assert first.version == 1
        assert bench.next(current=first) is None

    def test_frozen_stays_whatever_is_learnt(self) -> None:
        bench = Bench()
        first = bench.published()
        frozen = self.control(mode=ControlMode.FROZEN)
        taught(bench)
        assert bench.next(frozen, first) is None
        assert bench.next(None, first) is not None

    def test_a_role_frozen_before_anything_was_published_is_published_once(self) -> None:
        bench = Bench()
        frozen = self.control(mode=ControlMode.FROZEN)
        first = bench.published(frozen)
        assert bench.next(frozen, first) is None

    def test_a_pin_holds_against_the_policy_and_keeps_fallbacks(self) -> None:
        bench = taught(Bench())
        pinned = self.control(mode=ControlMode.PINNED, model="cheap")
        given = bench.published(pinned)
        assert given.policy == PINNED_POLICY
        assert [(share.model, share.probability) for share in given.mix] == [("cheap", 1.0)]
        assert "dear" in {share.model for share in given.fallbacks}
        assert bench.next(pinned, given) is None

    def test_a_rollback_is_a_new_version_of_the_old(self) -> None:
        bench = Bench()
        old = bench.published().model_copy(update={"version": 3})
        taught(bench)
        current = bench.published().model_copy(update={"version": 8})
        back = self.control(mode=ControlMode.ROLLED_BACK, role_assignment=old)
        given = bench.next(back, current)
        assert given is not None
        assert given.version == 9
        assert given.mix == old.mix
        assert "version 3" in given.reason
        assert bench.next(back, given) is None


class TestTrust:
    def judged(self, truth: bool) -> RewardEvent:
        return event(
            late=True,
            quality=float(truth),
            quality_source=QualitySource.GOLD,
            verdicts=(
                JudgeVerdict(judge="j", right=truth, quality=float(truth)),
                JudgeVerdict(judge="k", right=True, quality=1.0),
            ),
        )

    def test_it_is_learnt_published_and_kept(self) -> None:
        bench = Bench(config(judges=("j", "k")))
        before = bench.published()
        for n in range(30):
            late = self.judged(n % 2 == 0).model_copy(update={"decision_id": f"d{n}"})
            bench.learner.take(late, n)
        given = bench.next(current=before)
        assert given is not None
        trust = {standing.judge: standing.knows_wrong for standing in given.judges}
        assert trust["j"] > 0.9
        assert trust["k"] < 0.5
        again = Bench(config(judges=("j", "k")))
        again.learner.restore(decode(PolicyState, encode(bench.learner.state())))
        assert again.published().judges == given.judges


class TestAims:
    """What the configuration says the policy aims at reaches it."""

    def aiming(self, **policy: Any) -> Bench:
        given = config("default").model_dump()
        given["policy"] |= policy
        return Bench(Config.model_validate(given))

    def test_a_role_has_its_own_latency_objective(self) -> None:
        bench = self.aiming(slo_p95_s=5.0, role_slo_p95_s={"topic-finder": 0.5})
        settings = bench.maker.settings()
        assert (settings.slo_of("topic_finder"), settings.slo_of("topic_locator")) == (0.5, 5.0)
        for _ in range(40):
            bench.learn(1, model="dear", latency_s=2.0, quality=1.0)
            bench.learn(1, model="cheap", latency_s=0.1, quality=0.6)
        assert bench.learner.policy.role_assignment(("garden", "topic_finder")).primary == "cheap"
        slow = self.aiming(value_usd=1e3)
        for _ in range(40):
            slow.learn(1, model="dear", latency_s=2.0, quality=1.0)
            slow.learn(1, model="cheap", latency_s=0.1, quality=0.0)
        assert slow.learner.policy.role_assignment(("garden", "topic_finder")).primary == "dear"

    def test_a_budget_that_is_spent_leaves_the_cheapest_arm_until_the_next_period(self) -> None:
        bench = self.aiming(value_usd=1e3, budget_usd=50.0, budget_period_s=3600.0)
        at = AT
        for _ in range(60):
            at += timedelta(seconds=20)
            bench.learn(1, model="dear", quality=1.0, cost_usd=1.0, at=at)
            bench.learn(1, model="cheap", quality=0.0, cost_usd=0.0, at=at)
        key = ("garden", "topic_finder")
        assert bench.learner.policy.role_assignment(key).primary == "cheap"
        kept = decode(PolicyState, encode(bench.learner.state()))
        assert kept.budget.spent_usd == pytest.approx(60.0)
        bench.learn(1, model="cheap", quality=0.0, cost_usd=0.0, at=at + timedelta(hours=2))
        assert bench.learner.budget.spent_usd == 0.0
        assert bench.learner.budget.expected == 120
