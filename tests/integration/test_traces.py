"""One trace from a raw sentence to its record, sent over real OTLP to a collector."""

from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from confluent_kafka import Consumer, TopicPartition
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from schemas.roles import MODEL_ROLES
from tests.flow import PARTITIONS, Deployment, until
from tests.scripted.text import marked

pytestmark = pytest.mark.kafka

TEXTS = [marked("mug", ["fact"], f"sentence {n}") for n in range(6)]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Span]]:
    """What a collector receives; workers that start meanwhile send to it."""
    received: list[Span] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            request = ExportTraceServiceRequest.FromString(body)
            for resource in request.resource_spans:
                for scope in resource.scope_spans:
                    received.extend(scope.spans)
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Collector)
    Thread(target=server.serve_forever, daemon=True).start()
    endpoint = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "500")
    yield received
    server.shutdown()


def record_traces(deployment: Deployment) -> set[str]:
    """The trace ids in the headers of the records."""
    kafka = deployment.config.kafka
    consumer = Consumer({**kafka.client_settings(), "group.id": "traces"})
    name = kafka.named("records-news")
    consumer.assign([TopicPartition(name, number, 0) for number in range(PARTITIONS)])
    found = set()
    while (message := consumer.poll(3.0)) is not None:
        headers = dict(message.headers() or [])
        found.add(headers["traceparent"].decode().split("-")[1])
    consumer.close()
    return found


def test_a_trace_goes_from_sentence_to_record(
    deploy: Callable[..., Deployment], spans: list[Span]
) -> None:
    deployment = deploy(delay_s=0.0)
    deployment.start_worker()
    deployment.produce("news", "s", TEXTS)
    deployment.wait_accounted(len(TEXTS))
    (trace_id,) = record_traces(deployment)

    def of_trace() -> list[Span]:
        return [span for span in spans if span.trace_id.hex() == trace_id]

    def names() -> set[str]:
        return {span.name.replace(f"{deployment.name}.", "") for span in of_trace()}

    roles = {f"process role-{role.slug}" for role in MODEL_ROLES}
    wanted = {"process raw-news", "process role-format-checker", "chat oracle", *roles}
    until(lambda: wanted <= names(), 20)
    calls = [span for span in of_trace() if span.name == "chat oracle"]
    assert calls
    for call in calls:
        keys = {attribute.key for attribute in call.attributes}
        assert {"gen_ai.request.model", "gen_ai.usage.input_tokens"} <= keys
    by_id = {span.span_id: span for span in of_trace()}
    assert sum(1 for span in by_id.values() if span.parent_span_id not in by_id) == 1
