"""JSON Schemas (draft 2020-12) of the messages, made from the models that decode them."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from schemas.base import SCHEMA_VERSION
from schemas.catalogue import catalogue

ANY_DOMAIN = "{domain}"

Schema = Mapping[str, Any]


def message_models() -> dict[str, type[BaseModel]]:
    """Every model of the Kafka topic catalogue by its name."""
    models = (kafka_topic.model for kafka_topic in catalogue([ANY_DOMAIN]))
    return {model.__name__: model for model in models if model is not None}


def json_schema(model: type[BaseModel]) -> dict[str, Any]:
    """What the decoder of `model` accepts; fields with a default may be left out."""
    name = model.__name__
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": f"urn:rolestream:{name}:{SCHEMA_VERSION}",
        **model.model_json_schema(),
    }


def json_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of every message by the model's name."""
    return {name: json_schema(model) for name, model in sorted(message_models().items())}
