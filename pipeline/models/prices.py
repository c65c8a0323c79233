"""What a call costs."""

from pipeline.config import ModelSettings

_PER_MILLION = 1e-6


def cost_usd(
    settings: ModelSettings, input_tokens: int, cached_tokens: int, output_tokens: int
) -> float:
    """US dollars of a call; `cached_tokens` are the part of `input_tokens` read from a cache."""
    cached_price = (
        settings.usd_per_million_input
        if settings.usd_per_million_cached is None
        else settings.usd_per_million_cached
    )
    return _PER_MILLION * (
        (input_tokens - cached_tokens) * settings.usd_per_million_input
        + cached_tokens * cached_price
        + output_tokens * settings.usd_per_million_output
    )
