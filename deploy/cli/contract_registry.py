"""Registers the messages' JSON Schemas in a schema registry, for teams that keep theirs there."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import urllib3
from pydantic import BaseModel, TypeAdapter, ValidationError

from pipeline.errors import ConfigurationError, RetryableError, RolestreamError
from schemas.contracts.json_schema import json_schema

TIMEOUT_S = 15.0
_MEDIA_TYPE = "application/vnd.schemaregistry.v1+json"


@dataclass(frozen=True)
class Registered:
    """One registered schema: `subject` is `<kafka_topic>-value`, `schema_id` the registry's."""

    subject: str
    schema_id: int


@dataclass(frozen=True)
class _Answer:
    id: int | None = None
    message: str = "no reason given"


_ANSWER = TypeAdapter(_Answer)


def register_contracts(
    url: str, messages: Mapping[str, type[BaseModel]], user_info: str | None, ca: Path | None
) -> list[Registered]:
    """Register the schema of the messages of each Kafka topic; one that is there keeps its id.

    `url` is a registry with Confluent's REST interface, `user_info` is "user:password", `ca` a file
    of certificates. Raises ConfigurationError if the registry refuses, RetryableError if it does
    not answer.
    """
    headers = {"Content-Type": _MEDIA_TYPE, "Accept": _MEDIA_TYPE}
    if user_info:
        headers |= urllib3.make_headers(basic_auth=user_info)
    pool = urllib3.PoolManager(
        timeout=TIMEOUT_S, retries=False, ca_certs=str(ca) if ca else None, headers=headers
    )
    return [_register(pool, url.rstrip("/"), f"{name}-value", messages[name]) for name in messages]


def _register(
    pool: urllib3.PoolManager, url: str, subject: str, model: type[BaseModel]
) -> Registered:
    body = json.dumps({"schemaType": "JSON", "schema": json.dumps(json_schema(model))})
    place = f"{url}/subjects/{quote(subject, safe='')}/versions"
    try:
        reply = pool.request("POST", place, body=body)
    except urllib3.exceptions.LocationValueError as error:
        raise ConfigurationError(f"{url} is no address of a schema registry: {error}") from None
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise RetryableError(f"the schema registry {url} does not answer: {error}") from None
    try:
        answer = _ANSWER.validate_json(reply.data)
    except ValidationError:
        answer = _Answer(message="its answer is not that of a schema registry")
    if reply.status == 200 and answer.id is not None:
        return Registered(subject, answer.id)
    raise _refusal(url, subject, reply.status, answer.message)


def _refusal(url: str, subject: str, status: int, said: str) -> RolestreamError:
    where = f"the schema registry {url}"
    if status in (401, 403):
        return ConfigurationError(
            f"{where} refuses access ({status}): set ROLESTREAM_REGISTRY_USER_INFO to user:password"
        )
    if status == 409:
        return ConfigurationError(f"{where} holds a {subject} that does not fit this one: {said}")
    if status >= 500:
        return RetryableError(f"{where} failed at {subject} ({status}): {said}")
    return ConfigurationError(f"{where} refuses {subject} ({status}): {said}")
