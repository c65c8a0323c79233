"""`topics register` against an HTTP server that keeps Confluent's rules for a schema registry.

No published registry can be had from the package registries the tests may use, so the rules are
those of its documentation: equal schemas share an id, 409 for what does not fit, 401 for strangers.
"""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest

from schemas import RawText
from schemas.contracts.json_schema import json_schema

USER_INFO = "registrar:open sesame"


class Registry:
    """Schemas by subject; refuses `frozen` subjects, fails altogether while `status` is set."""

    def __init__(self) -> None:
        self.subjects: dict[str, list[str]] = {}
        self.ids: dict[str, int] = {}
        self.frozen: set[str] = set()
        self.status: int | None = None
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                subject = self.path.split("?")[0].split("/")[2]
                status, answer = registry.answer(
                    self.headers.get("Authorization", ""), subject, asked
                )
                body = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/vnd.schemaregistry.v1+json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def answer(
        self, authorization: str, subject: str, asked: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        if self.status:
            return self.status, {"error_code": self.status * 100 + 1, "message": "store is down"}
        if authorization != "Basic " + base64.b64encode(USER_INFO.encode()).decode():
            return 401, {"error_code": 401, "message": "Unauthorized"}
        if asked.get("schemaType") != "JSON":
            return 422, {"error_code": 42201, "message": "Invalid schema"}
        schema = asked["schema"]
        if subject in self.frozen and schema not in self.subjects.get(subject, []):
            return 409, {"error_code": 409, "message": "incompatible with an earlier schema"}
        versions = self.subjects.setdefault(subject, [])
        if schema not in versions:
            versions.append(schema)
        return 200, {"id": self.ids.setdefault(schema, len(self.ids) + 1)}


@pytest.fixture
def registry() -> Iterator[Registry]:
    served = Registry()
    Thread(target=served.server.serve_forever, daemon=True).start()
    yield served
    served.server.shutdown()


def register(url: str, user_info: str = USER_INFO) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "deploy.cli", "topics", "register", "--registry", url, "--json"],
        env={
            **os.environ,
            "ROLESTREAM_REGISTRY_USER_INFO": user_info,
            "ROLESTREAM__KAFKA__BOOTSTRAP_SERVERS": "127.0.0.1:9",
        },
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_every_message_is_registered_once(registry: Registry) -> None:
    first, again = register(registry.url), register(registry.url)
    assert first.returncode == 0, first.stderr
    assert json.loads(again.stdout) == json.loads(first.stdout)
    assert {len(versions) for versions in registry.subjects.values()} == {1}
    [raw] = registry.subjects["raw-news-value"]
    assert json.loads(raw) == json_schema(RawText)
    assert registry.ids[raw] == registry.ids[registry.subjects["raw-ecommerce-value"][0]]
    assert "records-news-value" in registry.subjects
    assert "policy-state-value" not in registry.subjects


def test_a_refusal_is_one_line(registry: Registry) -> None:
    registry.frozen.add("windows-value")
    refused = register(registry.url)
    assert refused.returncode == 2
    assert refused.stderr.splitlines()[-1].startswith("Error: the schema registry")
    assert "windows-value" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_stranger_is_told_where_the_password_belongs(registry: Registry) -> None:
    refused = register(registry.url, "registrar:wrong")
    assert refused.returncode == 2
    assert "ROLESTREAM_REGISTRY_USER_INFO" in refused.stderr
    assert "wrong" not in refused.stderr
    assert registry.subjects == {}


@pytest.mark.parametrize("alive", [True, False])
def test_a_registry_that_is_down_may_be_asked_again(registry: Registry, alive: bool) -> None:
    registry.status = 500
    if not alive:
        registry.server.shutdown()
        registry.server.server_close()
    refused = register(registry.url)
    assert refused.returncode == 1, refused.stderr
    assert "schema registry" in refused.stderr
    assert "Traceback" not in refused.stderr
