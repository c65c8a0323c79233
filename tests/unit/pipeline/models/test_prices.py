"""What a call costs, computed by hand."""

import pytest

from pipeline.config import ModelSettings
from pipeline.models.prices import cost_usd


def settings(cached: float | None = 0.5) -> ModelSettings:
    return ModelSettings(
        name="m",
        base_url="http://in-memory.invalid/v1",
        usd_per_million_input=2.0,
        usd_per_million_cached=cached,
        usd_per_million_output=8.0,
    )


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        ((0, 0, 0), 0.0),
        ((1_000_000, 0, 0), 2.0),
        ((1_000_000, 1_000_000, 0), 0.5),
        ((0, 0, 1_000_000), 8.0),
        ((3000, 1000, 500), 0.0085),  # 2000 at 2 $, 1000 at 0.5 $, 500 at 8 $ a million
    ],
)
def test_cached_tokens_are_part_of_the_input(tokens: tuple[int, int, int], usd: float) -> None:
    assert cost_usd(settings(), *tokens) == pytest.approx(usd)


def test_without_a_price_of_their_own_cached_tokens_cost_as_any() -> None:
    assert cost_usd(settings(cached=None), 3000, 1000, 500) == pytest.approx(0.01)


def test_a_free_cache_is_free() -> None:
    assert cost_usd(settings(cached=0.0), 1000, 1000, 0) == 0.0
