"""The whole flow on recorded live streams, with real models: the OLP-MINI transcripts.

They stand beside the checkout, never in it; without them the tests are skipped by name.
"""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.messages import RawText, Window
from tests.flow import Deployment
from tests.model_server import embedded_models

STREAMS = Path(__file__).parents[3] / "shared" / "data" / "olp-mini"
ENGLISH = ("s17", "s39", "s41", "s48", "s49")
CHINESE = ("s16", "s28", "s39", "s42", "s47")
NEIGHBOURS = 6

pytestmark = [
    pytest.mark.kafka,
    pytest.mark.embedded,
    pytest.mark.skipif(not STREAMS.is_dir(), reason="the OLP-MINI transcripts are not here"),
]

Deploy = Callable[..., Deployment]


def transcripts() -> dict[str, list[str]]:
    """The sentences by stream; positions are their seq, the ids of the files have jumps."""
    found = {}
    for lang, names in (("en", ENGLISH), ("cn", CHINESE)):
        for name in names:
            lines = (STREAMS / lang / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
            found[f"{lang}-{name}"] = [json.loads(line)["text"] for line in lines]
    return found


def play(deployment: Deployment, streams: dict[str, list[str]]) -> None:
    deployment.start_worker()
    for stream_id, texts in streams.items():
        lang = "zh" if stream_id.startswith("cn") else "en"
        deployment.produce("ecommerce", stream_id, texts, lang=lang)
        end = RawText(stream_id=stream_id, seq=len(texts) + 1, text="", end=True)
        deployment.produce_bytes("raw-ecommerce", stream_id, end.model_dump_json().encode("utf-8"))
    deployment.flush()
    deployment.wait_accounted(sum(1 for t in streams.values() for text in t if text.strip()), 240)


def recorded(deployment: Deployment) -> dict[str, dict[str, set[int]]]:
    """By stream and subject id, the seqs of its records."""
    found: dict[str, dict[str, set[int]]] = defaultdict(lambda: defaultdict(set))
    for record in deployment.records("ecommerce"):
        found[record.stream_id][record.subject.subject_id] |= {s.seq for s in record.sentences}
    return found


@pytest.fixture(scope="module")
def models_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with embedded_models(["rules", "embeddings"], tmp_path_factory.mktemp("models")) as url:
        yield url


@pytest.fixture(scope="module")
def windowed(deploy_module: Deploy, models_url: str) -> Deployment:
    deployment = deploy_module(
        models=["rules", "embeddings"],
        base_url=models_url,
        policy="thompson",
        model_lines="timeout_s = 60\ncontext_tokens = 32768",
    )
    play(deployment, transcripts())
    return deployment


def test_every_sentence_is_in_a_record_or_counted_as_belonging_to_none(
    windowed: Deployment,
) -> None:
    seen: dict[str, list[int]] = defaultdict(list)
    in_records = 0
    for outcome in windowed.outcomes():
        assert outcome.failed is None
        seen[outcome.stream_id] += [*outcome.recorded, *outcome.unassigned]
        in_records += len(outcome.recorded)
    for stream_id, texts in transcripts().items():
        spoken = [seq for seq, text in enumerate(texts, start=1) if text.strip()]
        assert sorted(seen[stream_id]) == spoken
    assert in_records > 0
    assert windowed.dead_letters() == []


def test_records_quote_the_input_verbatim(windowed: Deployment) -> None:
    texts = transcripts()
    languages = set()
    for record in windowed.records("ecommerce"):
        languages.add(record.stream_id[:2])
        for sentence in record.sentences:
            assert sentence.text == texts[record.stream_id][sentence.seq - 1]
    assert languages == {"en", "cn"}


def test_no_subject_is_lost_at_a_window_border(
    windowed: Deployment, deploy: Deploy, models_url: str
) -> None:
    """What one big window records around the borders is recorded by the windows too."""
    whole = deploy(
        models=["rules"],
        base_url=models_url,
        policy="fixed:rules",
        splitter="window_sentences = 2000\nwindow_sentences_unspaced = 2000\nmax_age_s = 20.0",
        model_lines="timeout_s = 60\ncontext_tokens = 131072",
    )
    play(whole, transcripts())
    cut = deploy(
        models=["rules"],
        base_url=models_url,
        policy="fixed:rules",
        model_lines="timeout_s = 60\ncontext_tokens = 131072",
    )
    play(cut, transcripts())
    in_windows = recorded(cut)
    borders = {
        (window.stream_id, window.last_seq)
        for window in cut.read("windows", Window)
        if not window.final
    }
    at_borders = lost = 0
    for stream_id, subjects in recorded(whole).items():
        covered = set().union(*in_windows[stream_id].values()) if in_windows[stream_id] else set()
        for seqs in subjects.values():
            for _, border in (item for item in borders if item[0] == stream_id):
                near = {seq for seq in seqs if abs(seq - border) <= NEIGHBOURS}
                if min(near, default=border + 1) <= border < max(near, default=border):
                    at_borders += 1
                    lost += not near & covered
    print(f"{len(borders)} borders, {at_borders} subjects across one, {lost} lost")  # noqa: T201
    assert at_borders > 0
    assert lost == 0
