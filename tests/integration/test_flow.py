"""The whole flow on a real broker with real workers; the models are scripted and right."""

from collections.abc import Callable
from pathlib import Path

import pytest

from schemas.messages import CategorizedRecord, Window
from tests.flow import Deployment, until
from tests.scripted.text import marked, truth

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]


def show(length: int) -> list[str]:
    """A stream with a long subject, one that returns after an interruption, and chatter."""
    plan = [
        *["kettle"] * 25,
        None,
        *["tea set"] * 20,
        None,
        None,
        *["lamp"] * 40,
        *["kettle"] * 10,
        None,
        *["scarf"] * (length - 101),
        None,
    ]
    names = ("product_description", "price_discussion", "order_urging")
    texts = []
    for place, subject in enumerate(plan):
        kinds = [names[place % 3]] if place % 7 else [names[0], names[1]]
        kinds = [] if subject is None or place % 11 == 5 else kinds
        texts.append(marked(subject, kinds, f"about the {subject or 'weather'}, number {place}"))
    return texts


def by_subject(records: list[CategorizedRecord]) -> dict[tuple[str, str, str], set[int]]:
    found: dict[tuple[str, str, str], set[int]] = {}
    for record in records:
        key = (record.stream_id, record.subject.name, record.category)
        found.setdefault(key, set()).update(s.seq for s in record.sentences)
    return found


def expected(stream_id: str, texts: list[str]) -> dict[tuple[str, str, str], set[int]]:
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for seq, text in enumerate(texts, start=1):
        label = truth(text)
        for category in label.categories:
            wanted.setdefault((stream_id, label.subject or "", category), set()).add(seq)
    return wanted


@pytest.fixture(scope="module")
def finished(deploy_module: Deploy) -> tuple[Deployment, dict[str, list[str]]]:
    deployment = deploy_module()
    deployment.start_worker()
    streams = {"show-a": show(150), "show-b": show(130), "直播": show(260)}
    for stream_id, texts in streams.items():
        lang = "zh" if stream_id == "直播" else "en"
        deployment.produce("ecommerce", stream_id, texts, lang=lang)
    deployment.wait_accounted(sum(map(len, streams.values())))
    return deployment, streams


def test_every_sentence_is_accounted_for_once(
    finished: tuple[Deployment, dict[str, list[str]]],
) -> None:
    deployment, streams = finished
    seen: dict[str, list[int]] = {stream_id: [] for stream_id in streams}
    for outcome in deployment.outcomes():
        assert outcome.failed is None
        seen[outcome.stream_id] += [*outcome.recorded, *outcome.unassigned]
    for stream_id, texts in streams.items():
        assert sorted(seen[stream_id]) == list(range(1, len(texts) + 1))


def test_records_hold_what_was_said_and_nothing_else(
    finished: tuple[Deployment, dict[str, list[str]]],
) -> None:
    deployment, streams = finished
    records = deployment.records("ecommerce")
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for stream_id, texts in streams.items():
        wanted |= expected(stream_id, texts)
    assert by_subject(records) == wanted
    for record in records:
        for sentence in record.sentences:
            assert sentence.text == streams[record.stream_id][sentence.seq - 1]


def test_a_subject_keeps_its_identity_along_the_stream(
    finished: tuple[Deployment, dict[str, list[str]]],
) -> None:
    deployment, streams = finished
    records = deployment.records("ecommerce")
    for stream_id in streams:
        ids = {
            (record.subject.name, record.subject.subject_id)
            for record in records
            if record.stream_id == stream_id
        }
        assert len(ids) == len({name for name, _ in ids}) == 4


def test_windows_are_bounded_and_name_who_produced_their_records(
    finished: tuple[Deployment, dict[str, list[str]]],
) -> None:
    deployment, _ = finished
    windows = deployment.read("windows", Window)
    assert {len(w.sentences) <= (120 if w.lang == "zh" else 60) for w in windows} == {True}
    assert any(window.carried_from is not None for window in windows)
    for record in deployment.records("ecommerce"):
        roles = {"chunk_splitter", "topic_finder", "topic_locator", "content_organizer"}
        assert roles | {"relationship_checker", "format_checker"} >= set(record.produced_by)
        assert roles <= set(record.produced_by)


def test_one_big_window_gives_the_same_records(
    finished: tuple[Deployment, dict[str, list[str]]], deploy: Deploy
) -> None:
    cut, streams = finished
    whole = deploy(splitter="window_sentences = 2000\nmax_age_s = 5.0")
    whole.start_worker()
    whole.produce("ecommerce", "show-a", streams["show-a"], lang="en")
    whole.wait_accounted(len(streams["show-a"]))
    assert len(whole.outcomes()) == 1
    in_windows = [r for r in cut.records("ecommerce") if r.stream_id == "show-a"]
    assert by_subject(whole.records("ecommerce")) == by_subject(in_windows)


def test_roles_can_run_in_different_processes(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.start_worker("chunk-splitter,topic-finder,content-organizer")
    deployment.start_worker("topic-locator,relationship-checker,format-checker")
    deployment.start_worker("policy")
    texts = show(130)
    deployment.produce("ecommerce", "split", texts, lang="en")
    deployment.wait_accounted(len(texts))
    assert by_subject(deployment.records("ecommerce")) == expected("split", texts)


def test_a_new_domain_needs_a_file_and_no_code(deploy: Deploy, tmp_path: Path) -> None:
    file = tmp_path / "lectures.toml"
    file.write_text(
        'name = "lectures"\nlanguages = ["en"]\n'
        '[subject]\nnoun = { en = "theorem" }\n'
        'description = { en = "A theorem that is stated or proved." }\n'
        '[[categories]]\nname = "statement"\ndescription = { en = "What it says." }\n'
        '[[categories]]\nname = "proof"\ndescription = { en = "Why it holds." }\n',
        encoding="utf-8",
    )
    deployment = deploy(domains=f'enabled = ["lectures"]\nfiles = ["{file}"]')
    deployment.start_worker()
    texts = [
        marked("Zorn's lemma", ["statement" if i < 5 else "proof"], f"step {i}") for i in range(12)
    ]
    deployment.produce("lectures", "algebra", texts)
    deployment.wait_accounted(len(texts))
    records = deployment.records("lectures")
    assert {record.category for record in records} == {"statement", "proof"}
    assert {record.subject.name for record in records} == {"Zorn's lemma"}


def test_a_quiet_stream_is_flushed_by_age(deploy: Deploy) -> None:
    deployment = deploy(splitter="max_age_s = 1.0")
    deployment.start_worker()
    deployment.produce_bytes(
        "raw-ecommerce", "quiet", b'{"stream_id":"quiet","seq":1,"text":"[mug|opening] hello"}'
    )
    deployment.flush()
    until(lambda: len(deployment.outcomes()) == 1, 30)
    assert deployment.read("windows", Window)[0].closed_by == "age"
