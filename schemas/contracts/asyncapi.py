"""The AsyncAPI 3 document: every Kafka topic with its key, messages and broker settings."""

from typing import Any

from pydantic.json_schema import models_json_schema

from schemas.base import SCHEMA_VERSION
from schemas.catalogue import (
    DEAD_LETTERS,
    FEEDBACK,
    MODEL_POOL,
    POLICY_CONTROL,
    KafkaTopic,
    catalogue,
    raw_kafka_topic,
    records_kafka_topic,
)
from schemas.contracts.json_schema import ANY_DOMAIN, message_models

WRITTEN_BY_USERS = frozenset({raw_kafka_topic(ANY_DOMAIN), FEEDBACK, MODEL_POOL, POLICY_CONTROL})
READ_BY_USERS = frozenset({records_kafka_topic(ANY_DOMAIN), DEAD_LETTERS})
HEADERS = {
    records_kafka_topic(ANY_DOMAIN): {
        "category": "The record's category, to filter without decoding.",
        "subject_id": "The record's subject, to filter without decoding.",
    },
    DEAD_LETTERS: {
        "kind": "The kind of error, to filter without decoding.",
        "source": "The Kafka topic the message came from.",
    },
}
_KAFKA_BINDING = "0.5.0"


def asyncapi_document() -> dict[str, Any]:
    """The document as plain values, from the viewpoint of Rolestream.

    `receive` is what it reads and `send` what it writes; Kafka topics between its own roles have
    both. A change of any message raises the document's version.
    """
    kafka_topics = catalogue([ANY_DOMAIN])
    operations: dict[str, Any] = {}
    for kafka_topic in kafka_topics:
        operations |= _operations(kafka_topic)
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Rolestream",
            "version": f"{SCHEMA_VERSION}.0.0",
            "description": "Sentences of endless media text in, categorised records out.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_channel_id(topic): _channel(topic) for topic in kafka_topics},
        "operations": operations,
        "components": {"schemas": _schemas(), "messages": _messages(kafka_topics)},
    }


def _channel_id(kafka_topic: KafkaTopic) -> str:
    return kafka_topic.name.replace(ANY_DOMAIN, "domain")


def _reference(*steps: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(steps)}


def _channel(kafka_topic: KafkaTopic) -> dict[str, Any]:
    model = kafka_topic.model
    channel: dict[str, Any] = {
        "address": kafka_topic.name,
        "description": f"The key is {kafka_topic.key}."
        + (" Private state of its writer." if model is None else ""),
        "messages": {},
        "bindings": {"kafka": {**_binding(kafka_topic), "bindingVersion": _KAFKA_BINDING}},
    }
    if model is not None:
        name = _message_name(kafka_topic)
        channel["messages"] = {name: _reference("components", "messages", name)}
    if ANY_DOMAIN in kafka_topic.name:
        channel["parameters"] = {"domain": {"description": "A configured domain, such as news."}}
    return channel


def _binding(kafka_topic: KafkaTopic) -> dict[str, Any]:
    settings = dict(kafka_topic.settings)
    configuration: dict[str, Any] = {}
    if "cleanup.policy" in settings:
        configuration["cleanup.policy"] = settings["cleanup.policy"].split(",")
    if "retention.ms" in settings:
        configuration["retention.ms"] = int(settings["retention.ms"])
    return {"topicConfiguration": configuration} if configuration else {}


def _operations(kafka_topic: KafkaTopic) -> dict[str, Any]:
    if kafka_topic.model is None:
        return {}
    channel = _channel_id(kafka_topic)
    if kafka_topic.name in WRITTEN_BY_USERS:
        actions = ["receive"]
    elif kafka_topic.name in READ_BY_USERS:
        actions = ["send"]
    else:
        actions = ["send", "receive"]
    return {
        f"{action}-{channel}": {"action": action, "channel": _reference("channels", channel)}
        for action in actions
    }


def _message_name(kafka_topic: KafkaTopic) -> str:
    assert kafka_topic.model is not None  # noqa: S101 - callers leave state Kafka topics out
    return kafka_topic.model.__name__


def _messages(kafka_topics: tuple[KafkaTopic, ...]) -> dict[str, Any]:
    messages: dict[str, Any] = {}
    for kafka_topic in kafka_topics:
        if kafka_topic.model is None:
            continue
        name = _message_name(kafka_topic)
        message: dict[str, Any] = {
            "name": name,
            "contentType": "application/json",
            "payload": _reference("components", "schemas", name),
            "bindings": {
                "kafka": {
                    "key": {"type": "string", "description": kafka_topic.key},
                    "bindingVersion": _KAFKA_BINDING,
                }
            },
        }
        headers = HEADERS.get(kafka_topic.name)
        if headers:
            message["headers"] = {
                "type": "object",
                "properties": {
                    header: {"type": "string", "description": text}
                    for header, text in headers.items()
                },
            }
        messages[name] = message
    return messages


def _schemas() -> dict[str, Any]:
    models = [(model, "validation") for _, model in sorted(message_models().items())]
    _, definitions = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type]
    schemas: dict[str, Any] = definitions["$defs"]
    return schemas
