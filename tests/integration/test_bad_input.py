"""Whatever comes in has a defined result: a dead letter with its cause, or a counted no-op."""

import json
from collections.abc import Callable

import pytest

from schemas.codec import encode
from schemas.messages import Sentence, Window
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]
STREAM = "shop"


def raw(seq: int, text: str, **more: object) -> bytes:
    return json.dumps({"stream_id": STREAM, "seq": seq, "text": text, **more}).encode()


@pytest.fixture(scope="module")
def fed(deploy_module: Deploy) -> Deployment:
    deployment = deploy_module(splitter="max_age_s = 3.0\nmax_text_chars = 5000")
    deployment.start_worker()
    good = marked("mug", ["product_description"], "a fine mug")
    values: list[bytes | None] = [
        raw(10, good),
        b"{not json",
        b"[]",
        b'{"stream_id":"shop","seq":"eleven","text":"x"}',
        b'{"seq":11,"text":"no stream"}',
        None,
        b'{"stream_id":"shop","seq":12,"text":"\\ud800 alone"}',
        b"\xff\xfe\x00",
        raw(12, "nul \0 inside"),
        raw(13, ""),
        raw(14, "   "),
        raw(15, "x" * 5001),
        raw(16, "y" * 900_000),
        raw(10, good),
        raw(10, "another text under the same seq"),
        raw(3, "from before the first one"),
        raw(17, good, unknown_field=1, colour="red"),
        raw(30, good, end=True),
    ]
    for value in values:
        deployment.produce_bytes("raw-ecommerce", STREAM, value)
    window = Window(
        window_id="w1",
        domain="gardening",
        stream_id=STREAM,
        lang="en",
        sentences=(Sentence(seq=1, text="hello"),),
        closed_by="end",
        splitter_version="x",
        at="2026-01-01T00:00:00Z",  # type: ignore[arg-type]
    )
    for role in (Role.TOPIC_FINDER, Role.FORMAT_CHECKER):
        kafka_topic = f"role-{role.slug}"
        deployment.produce_bytes(kafka_topic, STREAM, encode(RoleTask(role=role, window=window)))
        deployment.produce_bytes(kafka_topic, STREAM, b"{}")
    deployment.produce_bytes("role-rewards", "x", b"{}")
    deployment.produce_bytes("feedback", "x", b"{}")
    deployment.flush()
    until(lambda: len(deployment.dead_letters()) >= 17, 60)
    deployment.wait_accounted(3)
    return deployment


def test_each_bad_message_is_dead_lettered_with_its_cause(fed: Deployment) -> None:
    kinds: dict[str, int] = {}
    for letter in fed.dead_letters():
        kinds[letter.error.kind] = kinds.get(letter.error.kind, 0) + 1
        assert letter.error.message
        assert "\n" not in letter.error.message
    assert kinds == {
        "invalid": 10,
        "nul_character": 1,
        "text_too_long": 2,
        "conflict": 1,
        "out_of_order": 1,
        "unknown_domain": 2,
    }


def test_a_dead_letter_holds_the_message_and_its_position(fed: Deployment) -> None:
    letters = {letter.original(): letter for letter in fed.dead_letters()}
    letter = letters[b"{not json"]
    assert letter.source.kafka_topic.endswith("raw-ecommerce")
    assert letter.key == STREAM
    long = next(found for found in letters.values() if found.payload_bytes > 800_000)
    assert long.truncated


def test_the_good_sentences_around_them_come_through(fed: Deployment) -> None:
    (record,) = fed.records("ecommerce")
    assert [sentence.seq for sentence in record.sentences] == [10, 17, 30]
    seqs = [seq for outcome in fed.outcomes() for seq in (*outcome.recorded, *outcome.unassigned)]
    assert sorted(seq for seq in seqs if seq >= 10) == [10, 17, 30]


def test_a_window_without_subjects_is_a_counted_no_op(deploy: Deploy) -> None:
    deployment = deploy()
    deployment.start_worker()
    deployment.produce("news", "quiet", [marked(None, [], f"weather {n}") for n in range(5)])
    deployment.wait_accounted(5)
    (outcome,) = deployment.outcomes()
    assert (outcome.recorded, outcome.unassigned) == ((), (1, 2, 3, 4, 5))
    assert (outcome.failed, outcome.subjects, deployment.records("news")) == (None, (), [])


def test_a_stream_that_never_ends_keeps_coming_out(deploy: Deploy) -> None:
    deployment = deploy(splitter="window_sentences = 10\nmax_age_s = 60.0")
    deployment.start_worker()
    texts = [marked("mug", ["fact"], f"endless {n}") for n in range(301)]
    for seq, text in enumerate(texts):
        value = json.dumps({"stream_id": "endless", "seq": seq, "text": text}).encode()
        deployment.produce_bytes("raw-news", "endless", value)
    deployment.flush()
    deployment.wait_accounted(290)
    assert max(outcome.sentences for outcome in deployment.outcomes()) <= 10
