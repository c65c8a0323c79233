"""Which found subject is which gold one."""

from itertools import permutations

from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from pipeline.evaluation.matching import match_subjects
from pipeline.evaluation.pairing import best_pairing
from tests.unit.pipeline.evaluation.small_gold import given, wanted

_WEIGHT = st.integers(-2, 9).map(float)
_TABLE = st.integers(1, 4).flatmap(
    lambda columns: st.lists(st.lists(_WEIGHT, min_size=columns, max_size=columns), max_size=4)
)


def _price(places: range) -> dict[int, str]:
    return dict.fromkeys(places, "price")


def test_a_shared_alias_is_enough() -> None:
    gold = [wanted("copper kettle/the shiny one", [1, 2, 3])]
    assert match_subjects(gold, [given("Shiny One", _price(range(9, 10)))]) == {0: 0}


def test_half_of_the_sentences_is_enough_and_less_is_not() -> None:
    gold = [wanted("copper kettle", [1, 2])]
    assert match_subjects(gold, [given("it", _price(range(2, 4)))]) == {0: 0}
    assert match_subjects(gold, [given("it", _price(range(2, 5)))]) == {}


def test_a_part_of_a_word_is_no_name() -> None:
    assert match_subjects([wanted("ant farm", [1])], [given("antler", _price(range(5, 6)))]) == {}


def test_sentences_decide_between_two_of_the_same_name() -> None:
    gold = [wanted("red scarf", [1, 2, 3]), wanted("blue scarf", [4, 5, 6])]
    found = [given("scarf", _price(range(4, 7))), given("red", _price(range(1, 4)))]
    assert match_subjects(gold, found) == {0: 1, 1: 0}


def test_each_is_used_once() -> None:
    gold = [wanted("scarf", [1, 2, 3])]
    found = [given("scarf", _price(range(1, 2))), given("scarf", _price(range(1, 4)))]
    assert match_subjects(gold, found) == {0: 1}


@hypothesis_given(_TABLE)
def test_no_pairing_weighs_more(table: list[list[float]]) -> None:
    pairs = best_pairing(table)
    assert len({row for row, _ in pairs}) == len({column for _, column in pairs}) == len(pairs)
    assert all(table[row][column] > 0 for row, column in pairs)
    columns = len(table[0]) if table else 0
    padded = [*range(columns), *[columns] * len(table)]
    best = max(
        (
            sum(max(table[r][c], 0) if c < columns else 0 for r, c in enumerate(order))
            for order in set(permutations(padded, len(table)))
        ),
        default=0,
    )
    assert sum(table[row][column] for row, column in pairs) == best
