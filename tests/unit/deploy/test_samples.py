"""The sample streams keep the promises that the demo and the scores build on."""

from itertools import groupby

import pytest

from deploy.samples import SampleStream, load_streams
from pipeline.domains import load_domains

STREAMS = load_streams()
SHORTEST = {
    "sample-shop-en": 160,
    "sample-shop-zh": 160,
    "sample-news-en": 100,
    "sample-news-ru": 100,
    "sample-shorts-en": 160,
}
WINDOW_SENTENCES = {"en": 60, "ru": 60, "zh": 120}

each_stream = pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.stream_id)


def runs(stream: SampleStream) -> list[tuple[str, int, int]]:
    """Unbroken runs of a subject as (key, first seq, last seq); chatter is skipped."""
    found = []
    about = [sentence for sentence in stream.sentences if sentence.subject is not None]
    for key, group in groupby(about, key=lambda sentence: sentence.subject):
        members = list(group)
        assert key is not None
        found.append((key, members[0].seq, members[-1].seq))
    return found


def test_every_stream_is_there_and_long_enough() -> None:
    lengths = {stream.stream_id: len(stream.sentences) for stream in STREAMS}
    assert lengths.keys() == SHORTEST.keys()
    assert all(lengths[stream_id] >= least for stream_id, least in SHORTEST.items())


@each_stream
def test_sequence_numbers_count_from_one(stream: SampleStream) -> None:
    numbers = [sentence.seq for sentence in stream.sentences]
    assert numbers == list(range(1, len(numbers) + 1))


@each_stream
def test_texts_are_clean_and_different(stream: SampleStream) -> None:
    texts = [sentence.text for sentence in stream.sentences if sentence.subject is not None]
    assert all(text and text == text.strip() for text in texts)
    assert len(set(texts)) == len(texts)


@each_stream
def test_labels_are_categories_of_the_domain(stream: SampleStream) -> None:
    domain = load_domains()[stream.domain]
    assert stream.lang in domain.languages
    for sentence in stream.sentences:
        labels = (*sentence.categories, *sentence.also)
        assert set(labels) <= set(domain.category_names), sentence
        assert len(set(labels)) == len(labels), sentence
        assert sentence.categories or not sentence.also, sentence


@each_stream
def test_every_category_is_used(stream: SampleStream) -> None:
    used = {category for sentence in stream.sentences for category in sentence.categories}
    assert used == set(load_domains()[stream.domain].category_names)


@each_stream
def test_there_is_chatter_and_filler(stream: SampleStream) -> None:
    chatter = [sentence for sentence in stream.sentences if sentence.subject is None]
    assert chatter
    assert all(sentence.categories == () for sentence in chatter)
    assert any(sentence.subject and not sentence.categories for sentence in stream.sentences)


@each_stream
def test_subjects_are_declared_and_talked_about(stream: SampleStream) -> None:
    keys = [subject.key for subject in stream.subjects]
    assert 4 <= len(keys) <= 7
    assert len(set(keys)) == len(keys)
    spoken = [sentence.subject for sentence in stream.sentences if sentence.subject is not None]
    assert set(spoken) == set(keys)
    assert all(spoken.count(key) >= 3 for key in keys)


@each_stream
def test_names_and_attributes_stand_in_the_subjects_sentences(stream: SampleStream) -> None:
    wanted = {attribute.name for attribute in load_domains()[stream.domain].attributes}
    for subject in stream.subjects:
        said = " ".join(
            sentence.text for sentence in stream.sentences if sentence.subject == subject.key
        ).lower()
        assert subject.attributes.keys() == wanted
        values = (value for value in subject.attributes.values() if value is not None)
        for text in (subject.name, *subject.aliases, *values):
            assert text.lower() in said, (subject.key, text)


@each_stream
def test_a_subject_reaches_over_a_window_border(stream: SampleStream) -> None:
    border = WINDOW_SENTENCES[stream.lang]
    assert any(first <= border < last for _, first, last in runs(stream))


@each_stream
def test_a_subject_returns_after_another(stream: SampleStream) -> None:
    order = [key for key, _, _ in runs(stream)]
    assert len(order) > len(set(order))


@pytest.mark.parametrize(
    "stream", [s for s in STREAMS if s.domain == "ecommerce"], ids=lambda stream: stream.stream_id
)
def test_every_product_has_price_statements(stream: SampleStream) -> None:
    for subject in stream.subjects:
        prices = [
            sentence
            for sentence in stream.sentences
            if sentence.subject == subject.key and "price_discussion" in sentence.categories
        ]
        assert len(prices) >= 2, subject.key
