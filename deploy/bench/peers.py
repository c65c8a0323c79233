"""How the systems under comparison are started."""

import os
import sys
import uuid
from collections.abc import Sequence
from pathlib import Path

from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.bench.processes import Processes
from deploy.brokers.process import BrokerProcess

_SYSTEMS = Path(__file__).with_name("systems")
QUIX_PYTHON = "ROLESTREAM_QUIX_PYTHON"
QUIX_MISSING = (
    "quixstreams is left out: it needs an environment of its own "
    "(make build/quix/.installed, or ROLESTREAM_QUIX_PYTHON)"
)
_BUILT = Path(__file__).parents[2] / "build" / "quix" / "bin" / "python"


def quix_python() -> str | None:
    """The Python that has Quix Streams: ROLESTREAM_QUIX_PYTHON, else build/quix of a clone."""
    named = os.environ.get(QUIX_PYTHON)
    return named or (str(_BUILT) if _BUILT.exists() else None)


def start_peer(processes: Processes, program: str, arguments: Sequence[str]) -> BrokerProcess:
    """Start `systems/<program>.py`; its first arguments are the same for all of a bench."""
    path = str(_SYSTEMS / f"{program}.py")
    python = (quix_python() or sys.executable) if program.startswith("quix") else sys.executable
    command = [python, path, *arguments]
    if program.startswith("faust"):
        command += ["worker", "--without-web"]
    return processes.start(program, command)


def new_kafka_topic(bootstrap_servers: str, name: str, partitions: int = 4) -> str:
    """Create a Kafka topic whose name begins with `name`; returns the whole name."""
    full = f"{name}-{uuid.uuid4().hex[:8]}"
    admin = AdminClient({"bootstrap.servers": bootstrap_servers})
    for future in admin.create_topics([NewTopic(full, partitions, 1)]).values():
        future.result()
    return full
