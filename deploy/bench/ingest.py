"""Bench `ingest`: sentences a second through the splitter, and messages through bare loops."""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deploy.bench.feeding import PARTITIONS, Counted, Feed
from deploy.bench.peers import new_kafka_topic, start_peer
from deploy.bench.processes import Deployment, Processes, wait_for
from deploy.bench.windows import DOMAIN, sentence
from deploy.cli.bench_report import OURS, Row
from pipeline.errors import RetryableError
from schemas.catalogue import WINDOWS, raw_kafka_topic
from schemas.codec import encode
from schemas.messages import RawText
from schemas.roles import Role

CONFLUENT, QUIX = "confluent-kafka", "quixstreams"
GUARANTEES = {
    OURS: "in order, commit after acknowledged windows, deterministic ids, dead letters",
    CONFLUENT: "at least once: commit after flush",
    "aiokafka": "at least once: commit after acknowledgement",
    "faust": "commit by interval, sending is not waited for; a failed message is lost",
    QUIX: "at least once: commit after flush, every 5 s",
}
SYSTEMS = (OURS, CONFLUENT, "aiokafka", "faust", QUIX)
_PROGRAMS = {
    CONFLUENT: "confluent_pass",
    "aiokafka": "aiokafka_pass",
    "faust": "faust_pass",
    QUIX: "quix_pass",
}
_NOWHERE = "http://127.0.0.1:9/v1"
_START_S = 60.0
_LOOK_S = 0.25


@dataclass(frozen=True)
class Load:
    """`sentences` waiting in `streams` streams; each system is watched for `seconds` at most."""

    sentences: int
    streams: int
    window_sentences: int
    seconds: float


def measure(
    systems: Sequence[str], load: Load, servers: str, progress: Callable[[float], None]
) -> list[Row]:
    """Run all systems over the same sentences, one after the other."""
    with Processes() as processes:
        tables = f"[splitter]\nwindow_sentences = {load.window_sentences}\nmax_age_s = 600.0\n"
        name = f"bench-{uuid.uuid4().hex[:8]}"
        deployment = Deployment(processes, servers, name, _NOWHERE, 64, tables)
        named = deployment.config.kafka.named
        raw = named(raw_kafka_topic(DOMAIN))
        _fill(servers, raw, load)
        rates: dict[str, tuple[float, float]] = {}
        for done, system in enumerate(systems):
            progress(done / len(systems))
            if system == OURS:
                process = deployment.start_worker(Role.CHUNK_SPLITTER.slug)
                counted = Counted(servers, named(WINDOWS))
                each = load.window_sentences
            else:
                target = new_kafka_topic(servers, "bench-passed")
                arguments = [servers, f"{target}-group", raw, target]
                process = start_peer(processes, _PROGRAMS[system], arguments)
                counted = Counted(servers, target)
                each = 1
            cpu_s = process.cpu_s()
            samples = list(_samples(counted, each, load, system))
            share = (process.cpu_s() - cpu_s) / max(samples[-1][1], 1)
            rates[system] = (_rate(samples), share)
            counted.close()
            processes.end(process)
    bare = rates.get(CONFLUENT, (None, 0.0))[0]
    return [
        {
            "system": system,
            "streams": load.streams,
            "window_sentences": load.window_sentences if system == OURS else None,
            "guarantee": GUARANTEES[system],
            "sentences_per_s": round(rate, 1),
            "ratio_to_confluent": None if not bare else round(rate / bare, 4),
            "cpu_us_per_sentence": round(1e6 * share, 1),
        }
        for system, (rate, share) in rates.items()
    ]


def _fill(servers: str, raw: str, load: Load) -> None:
    feed = Feed(servers)
    for number in range(load.sentences):
        stream, seq = number % load.streams, number // load.streams + 1
        name = f"stream-{stream}"
        feed.send(raw, name, raw_text(name, seq, load.window_sentences), stream % PARTITIONS)
    feed.flush()


def raw_text(stream_id: str, seq: int, window_sentences: int) -> bytes:
    """A sentence as a producer writes it; a subject fills a window, so that none is carried."""
    text = sentence(seq - 1, stream_id, a_subject=window_sentences)
    return encode(RawText(stream_id=stream_id, seq=seq, text=text, lang="en"))


def _samples(counted: Counted, each: int, load: Load, system: str) -> Iterator[tuple[float, int]]:
    wait_for(lambda: counted.messages() > 0, _START_S, f"{system} started", _LOOK_S)
    began_s = time.monotonic()
    everything = load.sentences - load.streams * each if each > 1 else load.sentences
    while True:
        done = counted.messages() * each
        yield time.monotonic(), done
        if done >= everything or time.monotonic() - began_s > load.seconds:
            return
        time.sleep(_LOOK_S)


def _rate(samples: Sequence[tuple[float, int]]) -> float:
    # The first and last looks see the start and the end of the work.
    steady = samples[1:-1] if len(samples) > 3 else samples
    (began_s, first), (ended_s, last) = steady[0], steady[-1]
    if ended_s <= began_s or last <= first:
        raise RetryableError("it was over before it could be timed: give it more sentences")
    return (last - first) / (ended_s - began_s)
