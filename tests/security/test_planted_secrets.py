"""Secrets that a deployment is given show nowhere: in no log, message, metric, page or dump."""

import os
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from agents.connection import faust_credentials
from deploy.brokers.process import free_ports
from pipeline.config import load_config
from tests.flow import until
from tests.scripted.text import marked
from tests.security.people import People
from tests.security.secure_kafka import SecureKafka

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(240)]

API_KEY = "sk-planted-4b7d9e2c61f0"
TOKEN = "planted-page-token-93ac51d7"
TEXTS = "".join(marked("mug", ["fact"], f"It is said {n} times.") + "\n" for n in range(12))


def everything_in_kafka(kafka: SecureKafka) -> bytes:
    """Keys, values and headers of all messages, as the super user sees them."""
    consumer = Consumer(
        {
            "bootstrap.servers": kafka.inside,
            "group.id": "auditor",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
        }
    )
    places = [
        TopicPartition(name, number, OFFSET_BEGINNING)
        for name, found in consumer.list_topics(timeout=10).topics.items()
        for number in found.partitions
    ]
    consumer.assign(places)
    seen, ended = [], 0
    while ended < len(places):
        message = consumer.poll(10)
        assert message is not None
        if message.error() is not None:
            ended += 1
            continue
        headers = [part for _, value in message.headers() or () for part in (value or b"",)]
        seen += [message.key() or b"", message.value() or b"", *headers]
    consumer.close()
    return b"\n".join(seen)


def fetched(address: str, token: str | None = TOKEN) -> bytes:
    """What a process answers, status first."""
    request = Request(address, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urlopen(request, timeout=10) as reply:
            # Events have no end.
            read: bytes = reply.read1(200_000) if "events" in address else reply.read()
            return b"200\n" + read
    except HTTPError as error:
        return f"{error.code}\n".encode() + error.read()


def test_nothing_shows_them(people: People, secure_kafka: SecureKafka) -> None:
    password = secure_kafka.passwords["admin"]
    key_lines = (secure_kafka.folder / "broker.pem").read_text().splitlines()[1:2]
    secrets = [API_KEY, TOKEN, password, *key_lines]
    [port] = free_ports(1)
    base_url = f"http://127.0.0.1:{people.models_port}/v1"
    config = people.config(
        "all",
        secure_kafka.table("admin", sasl_password_env="PLANTED_PASSWORD").replace(
            "sasl_password_file", "#"
        ),
        "".join(
            f'[[models]]\nname = "{name}"\nbase_url = "{base_url}"\napi_key_env = "PLANTED_KEY"\n'
            "usd_per_million_input = 9\nusd_per_million_output = 9\n"
            for name in ("refuses", "garbage", "down")
        )
        + f'[web]\nhost = "0.0.0.0"\nport = {port}\n',
    )
    planted = {
        "PLANTED_KEY": API_KEY,
        "PLANTED_PASSWORD": password,
        "ROLESTREAM_WEB_TOKEN": TOKEN,
    }
    people.spawn("deploy.cli", "worker", "--config", str(config), "--verbose", environment=planted)
    address = f"http://127.0.0.1:{port}"
    until(lambda: _ready(address), 90)
    commands = [
        people.run(
            *(config, "produce", "-", "--domain", "news", "--stream", "planted", "--end"),
            text=TEXTS,
            environment=planted,
        )
    ]
    until(lambda: b"planted" in fetched(f"{address}/api/view"), 60)
    for command in (
        ("models", "check"),
        ("models", "list"),
        ("status",),
        ("policy", "show"),
        (
            *("models", "add", "--name", "x", "--input", "1", "--output", "1"),
            *("--base-url", f"https://somebody:{API_KEY}@models.example/v1"),
        ),
    ):
        commands.append(people.run(config, *command, environment=planted))
    assert commands[-1][0] == 2
    assert "plain address" in commands[-1][2]
    for path in ("/", "/metrics", "/api/view", "/readyz"):
        assert fetched(address + path, None)[:3] == (b"200" if path == "/readyz" else b"401")
    os.environ |= planted
    try:
        loaded = load_config(config)
        dumps = [repr(loaded), str(loaded), loaded.model_dump_json()]
        dumps.append(repr(faust_credentials(loaded.kafka)))
    finally:
        for name in planted:
            del os.environ[name]
    where = {
        "logs": b"".join(path.read_bytes() for path in people.folder.glob("*.log")),
        "commands": "".join(f"{out}{err}" for _, out, err in commands).encode(),
        "Kafka": everything_in_kafka(secure_kafka),
        "metrics": fetched(f"{address}/metrics"),
        "page": fetched(f"{address}/") + fetched(f"{address}/api/view"),
        "events": fetched(f"{address}/api/events"),
        "configuration": "".join(dumps).encode(),
    }
    assert all(len(text) > 200 for text in where.values()), {n: len(t) for n, t in where.items()}
    assert b"mug" in where["Kafka"]
    for name, text in where.items():
        for secret in secrets:
            assert secret.encode() not in text, f"{secret[:6]}... is in {name}"


def _ready(address: str) -> bool:
    try:
        return fetched(f"{address}/readyz").startswith(b"200")
    except OSError:
        return False


def test_secrets_are_not_taken_from_the_configuration(
    people: People, secure_kafka: SecureKafka, tmp_path: Path
) -> None:
    for line, key in (
        ('sasl_password = "hunter2"', "sasl_password"),
        ('sasl_oauth_token = "hunter2"', "sasl_oauth_token"),
    ):
        config = people.config("inline", secure_kafka.table("admin") + f"{line}\n")
        status, _, errors = people.run(config, "status")
        assert (status, len(errors.strip().splitlines())) == (2, 1)
        assert key in errors
        assert "hunter2" not in errors
