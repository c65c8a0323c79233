"""The estimate of tokens: near what OpenAI's o200k_base vocabulary has for these sentences."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.models.tokens import estimated_tokens


@pytest.mark.parametrize(
    ("text", "counted"),
    [
        (
            "This kettle boils a litre of water in ninety seconds, and it costs thirty-nine euros.",
            18,
        ),
        ("这款电热水壶九十秒就能烧开一升水，今天直播间只要两百块钱。", 28),
        ("Этот чайник кипятит литр воды за девяносто секунд и стоит три тысячи рублей.", 21),
        ('{"spans":[{"subject":1,"first":1,"last":9},{"subject":2,"first":10,"last":24}]}', 30),
    ],
)
def test_it_is_near_the_count_of_a_large_vocabulary(text: str, counted: int) -> None:
    assert abs(estimated_tokens(text) - counted) <= 0.3 * counted


@given(st.text(), st.text())
def test_more_text_never_has_fewer_tokens(text: str, more: str) -> None:
    assert estimated_tokens(text) <= estimated_tokens(text + more)
    assert (estimated_tokens(text) == 0) == (text == "")
