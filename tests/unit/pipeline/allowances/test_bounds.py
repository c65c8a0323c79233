"""A prompt's tokens are bounded by its bytes at first, and by what was seen later."""

from pipeline.allowances.bounds import PromptBound, prompt_bytes


def test_a_byte_is_a_token_until_replies_have_told_more() -> None:
    bound = PromptBound()
    for _ in range(7):
        bound.saw(1000, 250)
    assert bound.tokens(1000) == 1000
    bound.saw(1000, 300)
    assert bound.tokens(1000) == 375


def test_the_bound_never_exceeds_a_token_a_byte() -> None:
    bound = PromptBound()
    for _ in range(8):
        bound.saw(1000, 1000)
    assert bound.tokens(1000) == 1000


def test_the_schema_and_the_messages_count() -> None:
    plain = prompt_bytes([("user", "ab")], {})
    assert prompt_bytes([("user", "ab"), ("user", "щ")], {"type": "object"}) > plain + 2
