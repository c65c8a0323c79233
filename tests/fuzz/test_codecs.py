"""Reading bytes ends with a message or with one line that says what is wrong, nothing else."""

from contextlib import suppress
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline.errors import InvalidInputError
from pipeline.olp.answer_json import extract_object
from pipeline.prompt_format import parse_user
from schemas.catalogue import catalogue
from schemas.codec import DecodeError, decode, encode
from tests.fuzz.mutations import mutated

GOLDEN = Path(__file__).parent.parent / "contract" / "golden"
MODELS = {t.model.__name__: t.model for t in catalogue(["news"]) if t.model is not None}
EXAMPLES = sorted(path.stem for path in GOLDEN.glob("*.json"))
KEYS = ("subjects", "spans", "same", "items")


def read(model: type[BaseModel], value: bytes | None) -> None:
    told, message = "", None
    try:
        message = decode(model, value)
    except DecodeError as error:
        told = str(error)
    if message is None:
        assert len(told.splitlines()) == 1
        assert len(told) < 2000
    else:
        assert decode(model, encode(message)) == message


@settings(max_examples=300)
@given(st.sampled_from(sorted(MODELS)), st.binary(max_size=300))
def test_noise(name: str, value: bytes) -> None:
    read(MODELS[name], value)


@pytest.mark.parametrize("example", EXAMPLES)
@settings(max_examples=120)
@given(seed=st.integers(0, 2**32))
def test_messages_that_were_bent(example: str, seed: int) -> None:
    model = MODELS[example.split(".")[0]]
    message = decode(model, (GOLDEN / f"{example}.json").read_bytes())
    for _, value in mutated({"x": message}, Random(seed), 1):
        read(model, value)


@settings(max_examples=300)
@given(
    st.text(max_size=400) | st.binary(max_size=400).map(lambda b: b.decode("latin-1")),
    st.sampled_from(KEYS),
)
def test_what_models_answer_and_what_they_are_asked(text: str, key: str) -> None:
    found = extract_object(text, key)
    assert found is None or isinstance(found, dict)
    with suppress(InvalidInputError):
        parse_user(text)
