"""The pool of an evaluation: configured endpoints, or the embedded models started for it."""

import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.request import urlopen

from deploy.brokers.process import free_ports
from pipeline.config import Config, KafkaSettings, ModelSettings
from pipeline.errors import ConfigurationError, RetryableError

_POOL_FILES = ("demo.toml", "larger-models.toml")
_DEMO = Path(__file__).parents[1] / "demo"
_ALONE_TIMEOUT_S = 600.0
_READY_S = 1800.0
_POLL_S = 0.05
_NO_KAFKA = "none:0"


def embedded_models() -> tuple[ModelSettings, ...]:
    """The embedded models with the demonstration's nominal prices, the larger ones last."""
    return tuple(
        ModelSettings.model_validate(entry)
        for name in _POOL_FILES
        for entry in tomllib.loads((_DEMO / name).read_text(encoding="utf-8"))["models"]
    )


def quick_models() -> tuple[str, ...]:
    """The embedded models that start in seconds: the default pool."""
    entries = tomllib.loads((_DEMO / _POOL_FILES[0]).read_text(encoding="utf-8"))["models"]
    return tuple(entry["name"] for entry in entries)


def without_kafka(models: Sequence[ModelSettings]) -> Config:
    """A configuration of these models; an evaluation needs no Kafka."""
    kafka = KafkaSettings(bootstrap_servers=_NO_KAFKA)
    return Config(kafka=kafka, models=tuple(models))


def unhurried(model: ModelSettings) -> ModelSettings:
    """The arm for any role, however long it takes: limits of the pool are no part of its skill."""
    return model.model_copy(update={"roles": (), "timeout_s": _ALONE_TIMEOUT_S, "max_retries": 0})


@contextmanager
def served(
    models: Sequence[ModelSettings], domain_files: Sequence[Path], weights: Path
) -> Iterator[tuple[ModelSettings, ...]]:
    """Serve embedded `models` in a fresh process, so that no answer is warm from an earlier one.

    Yields them at its address; models that it leaves out (their weights cannot be had) are gone.
    Raises ConfigurationError if it does not start.
    """
    port = free_ports(1)[0]
    command = [
        *(sys.executable, "-m", "deploy.cli", "models", "serve", "--port", str(port)),
        *("--arms", ",".join(model.name for model in models), "--weights", str(weights)),
        *(part for path in domain_files for part in ("--domains", str(path))),
    ]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
        try:
            deadline = time.monotonic() + _READY_S
            while not _answers(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    log.seek(0)
                    said = log.read().decode(errors="replace").strip().splitlines()
                    raise ConfigurationError(
                        f"the embedded models did not start: {said[-1] if said else 'no word'}"
                    )
                time.sleep(_POLL_S)
            log.seek(0)
            left_out = {
                line.split()[1].rstrip(":")
                for line in log.read().decode(errors="replace").splitlines()
                if " left out: " in line
            }
            url = f"http://127.0.0.1:{port}/v1"
            yield tuple(
                model.model_copy(update={"base_url": url})
                for model in models
                if model.name not in left_out
            )
            if process.poll() is not None:
                raise RetryableError("the embedded models ended during the evaluation")
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _answers(port: int) -> bool:
    try:
        with urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as reply:
            return bool(reply.status == 200)
    except OSError:
        return False
