"""A steady rate for a while on a real broker: `python -m tests.soak --minutes 30 --rate 3`.

State expires within minutes here instead of days; the rest is as in production. Ends with status 1
if something grows, or if a sentence is missing.
"""

import argparse
import json
import re
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    ResourceType,
)

from deploy.brokers.apache import ApacheKafka
from schemas.codec import encode
from schemas.messages import RawText
from tests.flow import Deployment, until
from tests.scripted.text import marked
from tests.soak.figures import STATES, figures, look

STREAMS = 4
LIFE_SENTENCES = 60
SAMPLE_EVERY_S = 10.0
STATE = "[state]\nanswers_s = 120\nquiet_stream_s = 60\n"
QUICK_BROKER = {
    "log.retention.check.interval.ms": "5000",
    "log.cleaner.backoff.ms": "5000",
    "log.segment.delete.delay.ms": "1000",
}
QUICK_STATE = {
    "segment.ms": "20000",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "10000",
}


def main() -> int:
    """Run it and print what was measured."""
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--rate", type=float, default=3.0, help="sentences a second")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rolestream-soak-") as name:
        folder = Path(name)
        data = folder / "kafka"
        with ApacheKafka(data_dir=data, overrides=QUICK_BROKER) as kafka:
            deployment = Deployment(
                kafka.bootstrap_servers,
                folder,
                splitter="window_sentences = 10\nmax_age_s = 20.0\nforget_after_s = 20.0",
                judging=STATE,
                delay_s=0.05,
            )
            try:
                return soak(deployment, data / "broker-1", given.minutes * 60, given.rate)
            finally:
                deployment.stop()


def soak(deployment: Deployment, broker_data: Path, seconds: float, rate: float) -> int:
    """Produce at `rate` for `seconds`, sampling; prints the figures as JSON."""
    _quicken(deployment)
    worker = deployment.start_worker()
    address = re.search(r"web: (http://\S+)", deployment.worker_log())
    assert address is not None
    metrics = f"{address[1]}metrics"
    samples, sent = [], 0
    begun_s = time.monotonic()
    due = sentences()
    while (now_s := time.monotonic() - begun_s) < seconds:
        if now_s >= len(samples) * SAMPLE_EVERY_S:
            samples.append(look(now_s, worker.pid, metrics, broker_data, f"{deployment.name}."))
        raw = next(due)
        deployment.produce_bytes("raw-news", raw.stream_id, encode(raw))
        sent += 1
        time.sleep(max(0.0, sent / rate - (time.monotonic() - begun_s)))
    deployment.flush()
    until(lambda: sum(o.sentences for o in deployment.outcomes()) >= sent, 120)
    found = figures(samples)
    letters = len(deployment.dead_letters())
    sys.stdout.write(
        json.dumps({"sentences": sent, "dead_letters": letters, **found.as_dict()}, indent=1) + "\n"
    )
    return 1 if found.faults or letters else 0


def sentences() -> Iterator[RawText]:
    """Streams that come and go, a few at a time, each with subjects of its own."""
    generation = 0
    while True:
        for seq in range(1, LIFE_SENTENCES + 1):
            for lane in range(STREAMS):
                text = marked(
                    f"thing {generation}-{lane}-{seq // 20}", ["fact"], f"It is said {seq} times."
                )
                yield RawText(
                    stream_id=f"stream-{generation}-{lane}",
                    seq=seq,
                    text=text,
                    end=seq == LIFE_SENTENCES,
                )
        generation += 1


def _quicken(deployment: Deployment) -> None:
    """Small segments and an eager cleaner, so that minutes show what takes days."""
    admin = AdminClient(deployment.config.kafka.client_settings())
    names = [deployment.config.kafka.named(name) for name in STATES]
    resources = [
        ConfigResource(
            ResourceType.TOPIC,
            name,
            incremental_configs=[
                ConfigEntry(key, value, incremental_operation=AlterConfigOpType.SET)
                for key, value in QUICK_STATE.items()
            ],
        )
        for name in names
    ]
    for future in admin.incremental_alter_configs(resources).values():
        future.result()


if __name__ == "__main__":
    sys.exit(main())
