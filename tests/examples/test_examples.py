"""Every example runs as it is shipped, against a real broker, and prints each record once."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from schemas import CategorizedRecord, RawText, encode
from tests.flow import Deployment, until
from tests.unit.deploy.cli.sample_records import a_record

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
QUIX = os.environ.get("ROLESTREAM_QUIX_PYTHON", "")
NEWS = [a_record("a", 1), a_record("b", 1), a_record("a", 3), a_record("b", 2, "delete")]
STALE = [a_record("a", 1), a_record("a", 2), a_record("b", 1)]


def line(record: CategorizedRecord) -> str:
    text = " ".join(sentence.text for sentence in record.sentences)
    return " | ".join((record.op, record.subject.name, record.category, text)).strip()


@pytest.fixture(scope="module")
def deployment(deploy_module: Callable[..., Deployment]) -> Deployment:
    filled = deploy_module()
    for record in [*NEWS, *STALE]:
        filled.produce_bytes("records-news", record.stream_id, encode(record))
    filled.flush()
    return filled


@pytest.fixture
def run(deployment: Deployment, tmp_path: Path) -> Iterator[Callable[..., list[str]]]:
    """Runs a consumer until it has printed as many lines as there is news, then ends it."""
    started: list[subprocess.Popen[bytes]] = []

    def to_its_news(command: Sequence[str], **environ: str) -> list[str]:
        log = tmp_path / "out"
        with log.open("wb") as out:
            process = subprocess.Popen(
                command,
                stdout=out,
                stderr=(tmp_path / "err").open("wb"),
                cwd=tmp_path,
                env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environ},
            )
        started.append(process)

        def printed() -> list[str]:
            text = log.read_text("utf-8")
            return [
                row.strip() for row in text.splitlines() if row.startswith(("upsert", "delete"))
            ]

        until(lambda: len(printed()) >= len(NEWS) or process.poll() is not None, 90)
        process.terminate()
        process.wait(20)
        return printed()

    yield to_its_news
    for process in started:
        process.kill()


def where(deployment: Deployment, kafka_topic: str) -> tuple[str, str]:
    kafka = deployment.config.kafka
    return kafka.bootstrap_servers, kafka.named(kafka_topic)


def test_confluent_kafka_reads(run: Callable[..., list[str]], deployment: Deployment) -> None:
    script = str(EXAMPLES / "confluent_consumer.py")
    lines = run([sys.executable, script, *where(deployment, "records-news")])
    assert lines == [line(record) for record in NEWS]


def test_faust_reads(run: Callable[..., list[str]], deployment: Deployment) -> None:
    servers, kafka_topic = where(deployment, "records-news")
    lines = run(
        [sys.executable, "-m", "faust", "-A", "examples.faust_consumer", "worker", "--without-web"],
        KAFKA=servers,
        RECORDS=kafka_topic,
    )
    assert lines == [line(record) for record in NEWS]


@pytest.mark.skipif(not QUIX, reason="ROLESTREAM_QUIX_PYTHON is not set (make test-examples)")
def test_quix_streams_reads(run: Callable[..., list[str]], deployment: Deployment) -> None:
    script = str(EXAMPLES / "quix_consumer.py")
    lines = run([QUIX, script, *where(deployment, "records-news")])
    assert lines == [line(record) for record in NEWS]


@pytest.mark.skipif(
    not (shutil.which("kcat") and shutil.which("jq")), reason="kcat or jq is not installed"
)
def test_kcat_reads_what_stands(deployment: Deployment) -> None:
    script = str(EXAMPLES / "kcat_consumer.sh")
    done = subprocess.run(
        [script, *where(deployment, "records-news")], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    assert {row.strip() for row in done.stdout.splitlines()} == {line(NEWS[2]), line(NEWS[3])}


def test_confluent_kafka_writes(deployment: Deployment) -> None:
    script = str(EXAMPLES / "confluent_producer.py")
    subprocess.run(
        [sys.executable, script, *where(deployment, "raw-news")],
        check=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    sent = deployment.read("raw-news", RawText)
    assert [item.seq for item in sent] == [1, 2, 3, 4]
    assert [item.end for item in sent] == [False, False, False, True]
