"""A lot draws the decisions that the plan itself gives, number for number."""

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.draw import draw, picked
from pipeline.rolerl.lot import Lot
from pipeline.rolerl.policy import Plan, Share

NAMES = [f"arm-{n}" for n in range(14)]
RATES = st.sampled_from([0.0, 0.3, 1.0])
SURE_RATES = st.sampled_from([0.0, 1.0])


@st.composite
def plans(draws: st.DrawFn) -> Plan:
    mixed = draws(st.lists(st.sampled_from(NAMES), min_size=1, unique=True))
    weights = [draws(st.floats(0.01, 1.0)) for _ in mixed]
    behind = draws(st.lists(st.sampled_from(NAMES), unique=True))
    return Plan(
        primary=draws(st.sampled_from(mixed)),
        mix=tuple(
            Share(m, w / sum(weights), draws(RATES)) for m, w in zip(mixed, weights, strict=True)
        ),
        fallbacks=tuple(Share(m, 1.0, draws(SURE_RATES)) for m in behind),
        side_by_side=draws(st.booleans()),
        sweep=draws(st.booleans()),
    )


@given(plans(), st.integers())
def test_it_draws_what_the_plan_gives(plan: Plan, seed: int) -> None:
    lot = Lot(plan)
    assert lot.ready
    mine, its = Random(seed), Random(seed)
    for _ in range(5):
        expected, found = draw(plan, its), lot.draw(mine)
        running = {run.model for run in (expected.first, *expected.beside)}
        rest = tuple(run for run in expected.fallbacks if run.model not in running)
        assert found == expected._replace(fallbacks=rest)
    assert mine.getstate() == its.getstate()


def test_a_point_on_an_edge_falls_where_the_plan_puts_it() -> None:
    mix = tuple(Share(name, 0.1, 0.0) for name in NAMES[:10])

    class Edges(Random):
        points: list[float]

        def random(self) -> float:
            return self.points.pop()

    rng = Edges()
    lot = Lot(Plan(NAMES[0], mix))
    for tenth in range(11):
        for point in (tenth / 10, sum([0.1] * tenth), tenth / 10 - 1e-17, 0.1 * tenth + 1e-16):
            rng.points = [point]
            assert lot.draw(rng).first.model == picked(mix, point).model


def test_chance_in_the_fallbacks_or_an_arm_twice_is_left_to_the_plan() -> None:
    once = (Share("a", 0.5, 0.0), Share("b", 0.5, 0.0))
    assert not Lot(Plan("a", once, (Share("c", 1.0, 0.5),))).ready
    assert not Lot(Plan("a", (*once, once[0]))).ready
    assert not Lot(Plan("a", once, (Share("c", 1.0, 0.0), Share("c", 1.0, 1.0)))).ready
