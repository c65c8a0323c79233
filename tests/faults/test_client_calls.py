"""The client against a real server: what each fault is called, what is measured of an answer."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.brokers.process import free_ports
from pipeline.clock import SystemClock
from pipeline.config import ModelSettings
from pipeline.models.client import ModelClient
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRateLimitedError,
    ModelRefusedError,
    ModelTimeoutError,
    ModelUnavailableError,
)
from pipeline.models.transport import trusted_certificates
from pipeline.olp.topic_finder import TopicFinder
from tests.faults.endpoint import Endpoint, finder_task, running_endpoint
from tests.role_tasks import GARDEN

PROMPT = TopicFinder().prompt(finder_task(), GARDEN)


async def call(arm: ModelSettings, client: ModelClient | None = None) -> Completion:
    client = client or ModelClient(arm, SystemClock(), {"THE_KEY": "sk-secret"})
    try:
        return await client.complete(PROMPT.messages, PROMPT.json_schema, 300)
    finally:
        await client.close()


@pytest.mark.parametrize(
    ("model", "kind", "said"),
    [
        ("rate-limit", ModelRateLimitedError, r"429\)"),
        ("rate-limit-seconds", ModelRateLimitedError, r"429, asks for 1 s"),
        ("rate-limit-date", ModelRateLimitedError, r"429, asks for [12]"),
        ("http-500", ModelUnavailableError, r"failed \(500\)"),
        ("http-502", ModelUnavailableError, r"failed \(502\)"),
        ("reset", ModelUnavailableError, "broke off"),
        ("hang", ModelTimeoutError, "no answer within 1 s"),
        ("drip", ModelTimeoutError, "no answer within 1 s"),
        ("empty", ModelUnavailableError, "broke off"),
        ("truncated", ModelUnavailableError, "not JSON"),
        ("unauthorized", ModelMisconfiguredError, "environment variable THE_KEY"),
        ("no-model", ModelMisconfiguredError, "no model 'no-model'"),
        ("filter-400", ModelRefusedError, "content filter"),
        ("too-long", ModelRefusedError, "longer than its context"),
    ],
)
async def test_every_fault_has_its_name(
    endpoint: Endpoint, model: str, kind: type[Exception], said: str
) -> None:
    started = time.monotonic()
    with pytest.raises(kind, match=said) as caught:
        await call(endpoint.arm(model, api_key_env="THE_KEY"))
    assert time.monotonic() - started < 1.5
    assert "sk-secret" not in str(caught.value)
    if isinstance(caught.value, ModelFaultError):
        assert caught.value.answered == (model != "hang")


@pytest.mark.parametrize("structured", ["json_schema", "json_object", "none"])
async def test_a_streamed_answer_is_measured(endpoint: Endpoint, structured: str) -> None:
    done = await call(endpoint.arm("oracle", structured=structured))
    assert '"rose"' in done.text
    assert (done.tokens_counted_by, done.input_tokens, done.finish) == ("usage", 400, "stop")
    assert done.cost_usd == pytest.approx(400 * 0.001 + done.output_tokens * 0.002)
    assert done.first_token_s is not None
    assert 0.0 < done.first_token_s <= done.latency_s < 1.0


async def test_an_endpoint_that_cannot_stream_serves_all_the_same(endpoint: Endpoint) -> None:
    done = await call(endpoint.arm("whole"))
    assert (done.first_token_s, done.input_tokens) == (None, 400)
    assert '"rose"' in done.text


async def test_tokens_that_are_not_told_are_estimated_and_marked_so(endpoint: Endpoint) -> None:
    done = await call(endpoint.arm("no-usage"))
    assert done.tokens_counted_by == "estimate"
    assert done.input_tokens > 100
    assert done.cost_usd > 0.1


@pytest.mark.parametrize(
    ("model", "structured", "calls"),
    [("oracle-auto", "json_schema", 2), ("schema-less", "json_object", 3), ("formless", "none", 4)],
)
async def test_on_auto_the_structure_is_found_out_once(
    endpoint: Endpoint, model: str, structured: str, calls: int
) -> None:
    before = endpoint.calls(model)
    arm = endpoint.arm(model, structured="auto")
    client = ModelClient(arm, SystemClock())
    for _ in range(2):
        await client.complete(PROMPT.messages, PROMPT.json_schema, 300)
    await client.close()
    assert (client.dialect.structured, client.dialect.undecided) == (structured, False)
    assert endpoint.calls(model) - before == calls


@pytest.mark.parametrize("model", ["filter-400", "too-long", "no-model", "http-500"])
async def test_a_fault_of_another_kind_does_not_weaken_the_structure(
    endpoint: Endpoint, model: str
) -> None:
    client = ModelClient(endpoint.arm(model, structured="auto"), SystemClock())
    with pytest.raises((ModelFaultError, ModelRefusedError)):
        await call(client.settings, client)
    assert client.dialect.structured == "json_schema"


async def test_no_more_than_its_tokens_allow_is_read_of_an_answer(endpoint: Endpoint) -> None:
    done = await call(endpoint.arm("huge"))
    assert (done.finish, len(done.text)) == ("cut", 65_536 + 16 * 300)


async def test_an_answer_that_broke_off_is_paid_for_as_far_as_it_came(endpoint: Endpoint) -> None:
    with pytest.raises(ModelUnavailableError) as caught:
        await call(endpoint.arm("reset"))
    assert caught.value.spent.output_tokens > 0
    assert caught.value.spent.cost_usd > 0.1


async def test_nobody_there_is_told_at_once() -> None:
    nowhere = ModelSettings(
        name="gone",
        base_url=f"http://127.0.0.1:{free_ports(1)[0]}/v1",
        usd_per_million_input=1,
        usd_per_million_output=1,
    )
    with pytest.raises(ModelUnavailableError, match="cannot reach http") as caught:
        await call(nowhere)
    assert not caught.value.answered


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[Endpoint]:
    """A server whose certificate is signed by itself alone."""
    both = tmp_path / "self-signed.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"),
            *("-keyout", str(both), "-out", str(tmp_path / "cert")),
        ],
        check=True,
        capture_output=True,
    )
    both.write_bytes(both.read_bytes() + (tmp_path / "cert").read_bytes())
    with running_endpoint(tmp_path, "--tls", str(both)) as running:
        yield running


async def test_a_certificate_that_nobody_vouches_for_is_a_mistake_of_the_declaration(
    secure: Endpoint,
) -> None:
    with pytest.raises(ModelMisconfiguredError, match="certificate of https"):
        await call(secure.arm("oracle"))
    client = ModelClient(secure.arm("oracle"), SystemClock())
    with pytest.raises(ModelMisconfiguredError, match="certificate of https"):
        await client.reach()
    await client.close()


async def test_a_certificate_that_the_environment_vouches_for_is_trusted(
    secure: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert"))
    trusted_certificates.cache_clear()
    try:
        assert '"rose"' in (await call(secure.arm("oracle"))).text
    finally:
        trusted_certificates.cache_clear()


@pytest.mark.parametrize("model", ["oracle", "unauthorized"])
async def test_whatever_a_provider_answers_it_is_there(endpoint: Endpoint, model: str) -> None:
    client = ModelClient(endpoint.arm(model), SystemClock())
    await client.reach()
    await client.close()
