"""Never above a limit in any window, never more money than a budget, whatever dies when."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.config.allowances import BudgetSettings, LimitSettings
from tests.unit.pipeline.allowances.world import SETTINGS, World, most_in_a_window

SEED = st.integers(0, 2**32)
MISHAPS = st.lists(
    st.tuples(
        st.sampled_from(["worker dies", "worker stops short", "coordinator dies", "worker joins"]),
        st.floats(0.05, 4.0),
    ),
    max_size=5,
)


def play(world: World, mishaps: list[tuple[str, float]], seconds: float = 20.0) -> None:
    """Run through the mishaps, each after its pause, and on for a while."""
    for mishap, pause_s in mishaps:
        world.run(pause_s)
        running = [w for w in world.workers if w.alive and not w.paused]
        if mishap == "worker dies" and running:
            running[0].alive = False
        elif mishap == "worker stops short" and running:
            running[-1].paused = True
            world.after(2.5, lambda w=running[-1]: setattr(w, "paused", False))
        elif mishap == "coordinator dies":
            world.coordinator_dies()
            world.after(0.7, world.coordinator_starts)
        elif mishap == "worker joins":
            world.add_worker()
    world.run(seconds)


@settings(max_examples=25)
@given(seed=SEED, limit=st.integers(1, 60), mishaps=MISHAPS)
def test_requests_are_never_above_the_limit(
    seed: int, limit: int, mishaps: list[tuple[str, float]]
) -> None:
    world = World(seed, {"g": LimitSettings(requests_per_minute=limit)})
    for _ in range(3):
        world.add_worker()
    play(world, mishaps)
    seen = [(call.at_s, 1.0) for call in world.calls]
    assert most_in_a_window(seen, SETTINGS.window_s) <= limit


@settings(max_examples=15)
@given(seed=SEED, mishaps=MISHAPS, at_reply=st.booleans())
def test_tokens_are_never_above_the_limit_however_they_are_counted(
    seed: int, mishaps: list[tuple[str, float]], at_reply: bool
) -> None:
    limits = {"g": LimitSettings(requests_per_minute=100, tokens_per_minute=20_000)}
    world = World(seed, limits, bound={"requests:g": 1.0, "tokens:g": 900.0})
    for _ in range(3):
        world.add_worker()
    # A provider goes on counting what a dead worker had asked for, so that none dies here.
    play(world, [item for item in mishaps if item[0] != "worker dies"])
    seen = [(call.replied_s if at_reply else call.at_s, call.tokens) for call in world.calls]
    assert most_in_a_window(seen, SETTINGS.window_s) <= 20_000


@settings(max_examples=25)
@given(seed=SEED, mishaps=MISHAPS, budget=st.floats(0.05, 3.0))
def test_money_is_never_over_granted(
    seed: int, mishaps: list[tuple[str, float]], budget: float
) -> None:
    names = {"usd:day": 0.02, "usd:role r day": 0.02}
    # Both are charged the same, so that the smaller of the two binds.
    world = World(seed, budget=BudgetSettings(day_usd=budget), bound={"usd:day": 0.02})
    assert set(names) > set(world.bound)
    for _ in range(3):
        world.add_worker()
    play(world, mishaps)
    assert sum(call.usd for call in world.calls) <= budget + 1e-6


@settings(max_examples=25)
@given(seed=SEED, mishaps=MISHAPS, budget=st.floats(0.0, 0.5))
def test_a_budget_that_a_waiting_call_does_not_fit_is_said_to_be_spent(
    seed: int, mishaps: list[tuple[str, float]], budget: float
) -> None:
    world = World(seed, budget=BudgetSettings(day_usd=budget), bound={"usd:day": 0.02})
    for _ in range(2):
        world.add_worker()
    play(world, mishaps)
    # One that lives asks for more than there is, whoever held it before.
    world.add_worker()
    world.run(20.0)
    assert world.log[-1].accounts[0].spent_since is not None


@pytest.mark.parametrize("seed", range(3))
def test_under_load_nearly_all_of_a_limit_is_used(seed: int) -> None:
    world = World(seed, {"g": LimitSettings(requests_per_minute=60)})
    world.rng.random = lambda: 0.5  # type: ignore[method-assign] # nobody dies
    for _ in range(3):
        world.add_worker(load=30)
    world.run(40.0)
    steady = [call for call in world.calls if 6.0 <= call.at_s < 36.0]
    assert len(steady) / (60 * 30.0 / SETTINGS.window_s) >= 0.95


def test_a_dead_worker_does_not_keep_its_share() -> None:
    world = World(1, {"g": LimitSettings(requests_per_minute=60)})
    world.rng.random = lambda: 0.5  # type: ignore[method-assign]
    first, second = world.add_worker(load=60), world.add_worker(load=60)
    world.run(10.0)
    first.alive = False
    world.run(SETTINGS.silent_s + SETTINGS.window_s + 1.0)
    begin_s = world.now_s
    world.run(12.0)
    alone = [call for call in world.calls if call.at_s >= begin_s]
    assert second.alive
    assert len(alone) >= 0.93 * 120


def test_a_dead_worker_is_charged_for_what_it_held() -> None:
    world = World(2, budget=BudgetSettings(day_usd=100.0), bound={"usd:day": 0.02})
    world.rng.random = lambda: 0.5  # type: ignore[method-assign]
    worker = world.add_worker(load=20)
    world.run(3.0)
    worker.alive = False
    world.run(SETTINGS.lost_s + 2.0)
    kept = world.log[-1]
    assert kept.leases == ()
    assert kept.accounts[0].spent_usd >= sum(call.usd for call in world.calls)
