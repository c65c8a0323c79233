"""The catalogue is the truth about Kafka topics: names, models, keys, retention."""

import subprocess
import sys

import pytest
from pydantic import BaseModel

from schemas.base import Message
from schemas.catalogue import (
    catalogue,
    raw_kafka_topic,
    records_kafka_topic,
    role_kafka_topic,
)
from schemas.messages import RawText
from schemas.roles import MODEL_ROLES, Role

DOMAINS = ("ecommerce", "news", "shorts")
TOPICS = {topic.name: topic for topic in catalogue(DOMAINS)}


def test_names_are_unique() -> None:
    assert len(TOPICS) == len(catalogue(DOMAINS))


def test_every_kafka_topic_of_the_flow_is_there() -> None:
    roles = {f"role-{role.slug}" for role in Role if role is not Role.CHUNK_SPLITTER}
    assert set(TOPICS) == {
        *(f"raw-{domain}" for domain in DOMAINS),
        *(f"records-{domain}" for domain in DOMAINS),
        *roles,
        "windows",
        "window-outcomes",
        "answers",
        "role-rewards",
        "role-assignments",
        "model-pool",
        "policy-control",
        "allowance-requests",
        "allowances",
        "feedback",
        "dead-letters",
        "dead-letter-replays",
        "splitter-state",
        "subjects-state",
        "records-state",
        "policy-state",
    }


def test_names_are_legal_in_kafka() -> None:
    for name in TOPICS:
        assert len(name) <= 249
        assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_only_what_is_kept_by_key_is_compacted() -> None:
    compacted = {name for name, topic in TOPICS.items() if topic.compacted}
    states = {name for name in TOPICS if name.endswith("-state")}
    assert compacted == {
        "dead-letter-replays",
        "role-assignments",
        "model-pool",
        "policy-control",
        "allowances",
        *states,
    }


def test_what_is_not_compacted_expires() -> None:
    for topic in TOPICS.values():
        settings = dict(topic.settings)
        if not topic.compacted:
            assert int(settings["retention.ms"]) >= 24 * 3600 * 1000


def test_what_expires_or_is_compacted_gets_new_segments_in_time() -> None:
    answers = {t.name: dict(t.settings) for t in catalogue(DOMAINS, answers_ms=800_000)}["answers"]
    assert (answers["retention.ms"], answers["segment.ms"]) == ("800000", "100000")
    for name in ("splitter-state", "subjects-state", "records-state"):
        assert int(dict(TOPICS[name].settings)["segment.ms"]) <= 3600 * 1000


def test_only_state_has_no_message_model() -> None:
    without = {name for name, topic in TOPICS.items() if topic.model is None}
    assert without == {name for name in TOPICS if name.endswith("-state")}


def test_every_model_but_raw_text_carries_its_schema_version() -> None:
    models: set[type[BaseModel]] = {t.model for t in TOPICS.values() if t.model is not None}
    for model in models - {RawText}:
        assert issubclass(model, Message)
        assert model.model_fields["schema_version"].default == 1


def test_what_no_stream_decides_has_partitions_of_its_own() -> None:
    free = {name for name, topic in TOPICS.items() if not topic.keyed_by_stream}
    assert free == {
        "role-rewards",
        "role-assignments",
        "dead-letter-replays",
        "model-pool",
        "policy-control",
        "policy-state",
        "allowance-requests",
        "allowances",
    }


def test_names_follow_from_domain_and_role() -> None:
    assert raw_kafka_topic("news") == "raw-news"
    assert records_kafka_topic("news") == "records-news"
    assert [role_kafka_topic(role) for role in MODEL_ROLES] == [
        "role-topic-finder",
        "role-topic-locator",
        "role-relationship-checker",
        "role-content-organizer",
    ]


def test_the_chunk_splitter_has_no_kafka_topic_of_its_own() -> None:
    with pytest.raises(ValueError, match="raw-<domain>"):
        role_kafka_topic(Role.CHUNK_SPLITTER)


def test_the_contracts_load_without_a_stream_processor_or_a_kafka_client() -> None:
    code = (
        "import sys, schemas.catalogue\n"
        "print(sorted({'faust', 'mode', 'aiokafka', 'confluent_kafka'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
