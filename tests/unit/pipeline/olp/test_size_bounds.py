"""Text, windows and subjects are bounded, whatever comes in and whatever a model answers."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pipeline.config import SplitterSettings, WorkerSettings
from pipeline.olp.registry import Registry
from pipeline.olp.splitter import MAX_WINDOW_TOKENS, StreamBuffer, estimate_tokens
from pipeline.olp.topic_finder import MAX_SUBJECTS, TopicFinder
from schemas.messages import RawText, Sentence
from schemas.roles import Role
from tests.role_tasks import AT, GARDEN, resolved, role_task, window

KAFKA_MESSAGE_BYTES = 1_000_000
TEXT = st.text(max_size=300) | st.sampled_from(['"' * 300, "\x01" * 300, "\\" * 300, "𝒳" * 300])

_SENTENCE = TypeAdapter(Sentence)


def _size(sentence: Sentence) -> int:
    return len(_SENTENCE.dump_json(sentence))


@given(TEXT)
def test_a_token_is_at_most_six_bytes_of_a_message(text: str) -> None:
    clean = text.encode("utf-8", "ignore").decode("utf-8")
    assert _size(Sentence(seq=1, text=clean)) - 50 <= 6 * estimate_tokens(clean)


@pytest.mark.parametrize("text", ["word " * 1600, '"' * 8000, "\x01" * 8000, "𝒳" * 8000])
def test_the_largest_window_fits_into_a_message(text: str) -> None:
    settings = SplitterSettings(window_sentences=2000, window_sentences_unspaced=2000)
    buffer = StreamBuffer(settings, {})
    for seq in range(200):
        buffer.offer(RawText(stream_id="s", seq=seq, text=text), seq, 0.0)
    assert buffer.due(0.0, MAX_WINDOW_TOKENS) == "tokens"
    planned = buffer.plan("tokens", MAX_WINDOW_TOKENS)
    cut = [held.sentence for held in buffer.held if held.sentence.seq <= planned.last_seq]
    assert sum(map(_size, cut)) < 0.7 * KAFKA_MESSAGE_BYTES


def test_a_window_s_subjects_are_bounded_whatever_a_model_names() -> None:
    names = [f"plant{n}" for n in range(200)]
    task = role_task(Role.TOPIC_FINDER, window([" ".join(names)]))
    logic = TopicFinder()
    answer = {"subjects": [{"name": name, "aliases": [], "attributes": {}} for name in names]}
    reading = logic.read(task, GARDEN, json.dumps(answer))
    assert reading.task is not None
    assert len(reading.task.subjects) <= MAX_SUBJECTS


def test_a_stream_s_subjects_are_bounded() -> None:
    registry = Registry()
    for number in range(300):
        change = registry.change(f"w{number}", [resolved(f"plant {number}", 1)], AT)
        registry.apply(change, WorkerSettings().max_known_subjects)
    snapshot = registry.snapshot()
    assert len(snapshot.subjects) == len(snapshot.spoken_of) == 200


@pytest.mark.parametrize(
    "settings", [{"window_sentences": 2001}, {"window_sentences": 0}, {"max_text_chars": 0}]
)
def test_the_bounds_themselves_are_bounded(settings: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        SplitterSettings.model_validate(settings)
