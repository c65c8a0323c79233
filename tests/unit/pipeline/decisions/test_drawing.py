"""A plan over arms that are partly away: still a distribution, and nothing away is drawn."""

from hypothesis import given
from hypothesis import strategies as st

from pipeline.decisions.drawing import available_plan
from pipeline.rolerl.policy import Plan, Share

NAMES = "abcdef"
SHARES = st.sampled_from([0.0, 0.1, 0.25, 0.5, 1.0])


def plan(mix: dict[str, float], fallbacks: str = "", **fields: bool) -> Plan:
    return Plan(
        primary=next(iter(mix)),
        mix=tuple(Share(m, p, 0.0) for m, p in mix.items()),
        fallbacks=tuple(Share(m, 1.0, 0.0) for m in fallbacks),
        **fields,
    )


def drawn(result: Plan) -> dict[str, float]:
    return {s.model: round(s.probability, 6) for s in result.mix}


def test_a_plan_whose_arms_are_all_there_is_left_alone() -> None:
    full = plan({"a": 0.7, "b": 0.3}, "c")
    assert available_plan(full, lambda name: 1.0) is full


def test_an_arm_that_is_away_leaves_its_part_to_the_others_of_the_mix() -> None:
    result = available_plan(plan({"a": 0.5, "b": 0.3, "c": 0.2}), lambda m: float(m != "a"))
    assert (drawn(result), result.primary) == ({"b": 0.6, "c": 0.4}, "b")


def test_an_arm_that_comes_back_gets_a_part_of_its_part() -> None:
    result = available_plan(plan({"a": 0.8, "b": 0.2}), lambda m: 0.25 if m == "a" else 1.0)
    assert (drawn(result), result.primary) == ({"a": 0.2, "b": 0.8}, "a")


def test_a_fallback_takes_over_what_no_arm_of_the_mix_can() -> None:
    result = available_plan(plan({"a": 1.0}, "bc"), lambda m: {"a": 0.1, "b": 0.0}.get(m, 1.0))
    assert drawn(result) == {"a": 0.1, "c": 0.9}
    assert drawn(available_plan(plan({"a": 1.0}, "b"), lambda m: float(m == "b"))) == {"b": 1.0}


def test_alone_it_serves_even_while_it_comes_back() -> None:
    assert drawn(available_plan(plan({"a": 1.0}), lambda m: 0.1)) == {"a": 1.0}


def test_if_all_are_away_the_plan_says_who_is_asked_first_later() -> None:
    away = plan({"a": 0.7, "b": 0.3}, "c")
    assert available_plan(away, lambda m: 0.0) is away


@given(
    st.dictionaries(st.sampled_from(NAMES), st.floats(0.01, 1.0), min_size=1),
    st.lists(st.sampled_from(NAMES), unique=True),
    st.fixed_dictionaries(dict.fromkeys(NAMES, SHARES)),
)
def test_it_stays_a_distribution_over_arms_that_can_take_it(
    weights: dict[str, float], fallbacks: list[str], share: dict[str, float]
) -> None:
    total = sum(weights.values())
    given_plan = plan({m: w / total for m, w in weights.items()}, "".join(fallbacks))
    result = available_plan(given_plan, share.__getitem__)
    assert abs(sum(s.probability for s in result.mix) - 1.0) < 1e-9
    assert result.primary in {s.model for s in result.mix}
    if any(share[m] > 0 for m in weights):
        assert all(share[s.model] > 0 for s in result.mix)
