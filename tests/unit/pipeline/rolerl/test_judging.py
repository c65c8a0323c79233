"""Which judge is asked, which replies are verdicts, and what they are worth together."""

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.rolerl.judging import Judge, Verdict, choose, choose_auditor, pooled, read_verdict

GOOD = Judge("good", 0.95, 0.95)
FAIR = Judge("fair", 0.8, 0.8)
FLATTERER = Judge("flatterer", 0.99, 0.02)
RIGHT, WRONG = Verdict(True, 0.9), Verdict(False, 0.1, ("a fault",))


def reply(**fields: object) -> str:
    return json.dumps({"right": True, "quality": 0.8, "faults": [], **fields})


class TestReading:
    def test_a_bare_object_is_a_verdict(self) -> None:
        said = read_verdict(reply(right=False, quality=0.25, faults=["sentence 3\nis missing"]))
        assert said == Verdict(False, 0.25, ("sentence 3 is missing",))

    def test_so_is_one_in_a_code_fence(self) -> None:
        assert read_verdict(f"```json\n{reply()}\n```") == Verdict(True, 0.8)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "It is right.",
            f"Here is my verdict: {reply()}",
            f"{reply()} I hope that helps.",
            "[true, 0.8]",
            reply(right="true"),
            reply(quality="high"),
            reply(quality=1.2),
            reply(quality=True),
            json.dumps({"quality": 0.8, "faults": []}),
            "x" * 30_000,
            "{" * 5000,
        ],
    )
    def test_anything_else_is_none(self, text: str) -> None:
        assert read_verdict(text) is None

    @pytest.mark.parametrize(("right", "quality"), [(True, 0.4), (False, 0.5)])
    def test_a_verdict_that_contradicts_itself_is_none(self, right: bool, quality: float) -> None:
        assert read_verdict(reply(right=right, quality=quality)) is None

    @given(st.text(max_size=200))
    def test_no_reply_makes_it_fail(self, text: str) -> None:
        read_verdict(text)


class TestChoosing:
    def test_no_arm_judges_itself(self) -> None:
        for seed in range(50):
            chosen = choose((GOOD, FAIR), "good", Random(seed))
            assert chosen is FAIR
        assert choose((GOOD,), "good", Random(0)) is None
        assert choose((), "good", Random(0)) is None

    def test_weight_decides_how_often(self) -> None:
        rng = Random(7)
        drawn = [choose((GOOD, FAIR, FLATTERER), "arm", rng) for _ in range(2000)]
        share = sum(judge is GOOD for judge in drawn) / len(drawn)
        assert share == pytest.approx(GOOD.weight / (GOOD.weight + FAIR.weight), abs=0.04)
        assert sum(judge is FLATTERER for judge in drawn) < 20

    def test_worthless_judges_are_asked_only_now_and_then(self) -> None:
        rng = Random(3)
        drawn = [choose((FLATTERER,), "arm", rng) for _ in range(1000)]
        assert 0.05 < sum(judge is not None for judge in drawn) / 1000 < 0.15

    def test_an_auditor_is_another_judge_and_not_the_author(self) -> None:
        for seed in range(50):
            auditor = choose_auditor((GOOD, FAIR, FLATTERER), ("arm", "good"), 1.0, Random(seed))
            assert auditor in (FAIR, FLATTERER)
        assert choose_auditor((GOOD,), ("good",), 1.0, Random(0)) is None
        assert choose_auditor((GOOD, FAIR), ("good",), 0.0, Random(0)) is None


class TestPooling:
    def test_one_good_judge_is_believed(self) -> None:
        assert pooled([(GOOD, RIGHT)]) == RIGHT
        assert pooled([(GOOD, WRONG)]) == WRONG

    def test_nobody_says_nothing(self) -> None:
        assert pooled([]) is None

    def test_praise_of_a_flatterer_counts_for_nothing(self) -> None:
        assert pooled([(FLATTERER, RIGHT)]) is None

    def test_the_better_of_two_that_disagree_is_followed(self) -> None:
        assert pooled([(GOOD, WRONG), (FAIR, RIGHT)]) == WRONG

    def test_two_equals_that_disagree_say_nothing(self) -> None:
        assert pooled([(FAIR, WRONG), (Judge("other", 0.8, 0.8), RIGHT)]) is None

    @given(
        st.lists(
            st.tuples(
                st.builds(
                    Judge, st.text(max_size=3), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1)
                ),
                st.booleans(),
                st.floats(0, 0.49),
            ),
            max_size=4,
        )
    )
    def test_the_quality_is_on_the_side_of_the_verdict(
        self, said: list[tuple[Judge, bool, float]]
    ) -> None:
        found = pooled([(j, Verdict(right, q + 0.5 * right)) for j, right, q in said])
        if found is not None:
            assert found.right == (found.quality >= 0.5)
