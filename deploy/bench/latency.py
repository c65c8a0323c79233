"""Bench `latency`: from the sentence that completes a window to its first record, models aside."""

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random

from deploy.bench.feeding import Feed, Observer
from deploy.bench.processes import Deployment, ModelServer, Processes
from deploy.bench.windows import DOMAIN, sentence
from deploy.cli.bench_report import OURS, Row
from pipeline.errors import RetryableError
from schemas.catalogue import raw_kafka_topic, records_kafka_topic, role_kafka_topic
from schemas.codec import encode
from schemas.messages import RawText
from schemas.roles import Role

_ROLES = tuple(Role)
_RECORDS = "records"
_REST_S = 15.0
_WARM_S = 12.0
"""Windows that are complete before are left out: the first of a partition waits for its state."""


@dataclass(frozen=True)
class Case:
    """`streams` streams with `rate` sentences a second in all, for `seconds` once it is warm."""

    streams: int
    rate: float
    window_sentences: int
    latency_s: float
    seconds: float


@dataclass
class Passage:
    """When a window was readable where; `spent_s` are the models' seconds by role."""

    completed_s: float
    reached_s: dict[str, float] = field(default_factory=dict)
    spent_s: dict[str, float] = field(default_factory=dict)

    @property
    def hops_s(self) -> dict[str, float]:
        """Seconds that each role took by itself, its models aside."""
        marks = [self.completed_s]
        marks += [self.reached_s[role.value] for role in _ROLES[1:]]
        marks.append(self.reached_s[_RECORDS])
        return {
            role.value: after - before - self.spent_s.get(role.value, 0.0)
            for role, before, after in zip(_ROLES, marks, marks[1:], strict=False)
        }

    @property
    def complete(self) -> bool:
        """Whether it was seen everywhere."""
        return len(self.reached_s) == len(_ROLES)


def measure(case: Case, servers: str, progress: Callable[[float], None]) -> Row:
    """Run one case. Raises RetryableError when no window came through."""
    with Processes() as processes:
        models = ModelServer(processes, case.latency_s, 0.0)
        splitter = f"[splitter]\nwindow_sentences = {case.window_sentences}\nmax_age_s = 600.0\n"
        name = f"bench-{uuid.uuid4().hex[:8]}"
        deployment = Deployment(processes, servers, name, models.base_url, 64, splitter)
        deployment.start_worker()
        named = deployment.config.kafka.named
        places = {
            named(raw_kafka_topic(DOMAIN)): "raw",
            named(records_kafka_topic(DOMAIN)): _RECORDS,
        }
        places |= {named(role_kafka_topic(role)): role.value for role in _ROLES[1:]}
        observer = Observer(servers, places)
        feeding = threading.Thread(
            target=_feed, args=(case, servers, named(raw_kafka_topic(DOMAIN)))
        )
        feeding.start()
        began_s = time.monotonic()
        while feeding.is_alive():
            observer.look(0.05)
            progress(min((time.monotonic() - began_s) / (case.seconds + _WARM_S), 1.0))
            processes.check()
        rest_s = time.monotonic() + _REST_S
        while time.monotonic() < rest_s and observer.look(2.0):
            pass
        observer.close()
        seen = [(at, places[str(m.topic())], m.value() or b"{}") for at, m in observer.seen]
        passages = [
            passage
            for passage in _passages(seen, models.spent(), case.window_sentences)
            if passage.completed_s >= began_s + _WARM_S
        ]
    if not passages:
        raise RetryableError("no window came through: give it more seconds")
    return _row(case, passages)


def _feed(case: Case, servers: str, raw: str) -> None:
    feed, rng = Feed(servers), Random(7)  # noqa: S311 - which stream speaks next
    seqs = [0] * case.streams
    began_s = time.monotonic()
    for number in range(int(case.rate * (case.seconds + _WARM_S))):
        time.sleep(max(began_s + number / case.rate - time.monotonic(), 0.0))
        stream = rng.randrange(case.streams)
        seqs[stream] += 1
        name = f"stream-{stream}"
        text = sentence(seqs[stream], name, a_subject=case.window_sentences)
        feed.send(
            raw, name, encode(RawText(stream_id=name, seq=seqs[stream], text=text, lang="en"))
        )
    feed.flush()


def _passages(
    seen: Iterable[tuple[float, str, bytes]],
    spent: Mapping[str, Sequence[float]],
    window_sentences: int,
) -> list[Passage]:
    read = [(at, place, json.loads(value)) for at, place, value in seen]
    heard = {(m["stream_id"], m["seq"]): at for at, place, m in read if place == "raw"}
    found: dict[str, Passage] = {}
    for at, place, message in sorted(read, key=lambda item: item[0]):
        if place == Role.TOPIC_FINDER.value:
            window = message["window"]
            # What is carried over into the next window was heard before this one was cut.
            last = window["sentences"][0]["seq"] + window_sentences - 1
            passage = Passage(heard[window["stream_id"], last])
            first = window["sentences"][0]["text"]
            passage.spent_s = {r.value: sum(spent.get(f"{r.value}|{first}", ())) for r in _ROLES}
            found.setdefault(window["window_id"], passage)
        if place != "raw":
            window_id = (
                message["window_id"] if place == _RECORDS else message["window"]["window_id"]
            )
            found[window_id].reached_s.setdefault(place, at)
    return [passage for passage in found.values() if passage.complete]


def _row(case: Case, passages: Sequence[Passage]) -> Row:
    hops = [passage.hops_s for passage in passages]
    totals = [sum(hop.values()) for hop in hops]
    row: dict[str, str | int | float | None] = {
        "system": OURS,
        "streams": case.streams,
        "sentences_per_s": case.rate,
        "window_sentences": case.window_sentences,
        "latency_s": case.latency_s,
        "windows": len(passages),
        "p50_s": round(quantile(totals, 0.5), 5),
        "p99_s": round(quantile(totals, 0.99), 5),
    }
    for role in _ROLES:
        own = [hop[role.value] for hop in hops]
        row[f"{role.value}_p50_s"] = round(quantile(own, 0.5), 5)
        row[f"{role.value}_p99_s"] = round(quantile(own, 0.99), 5)
        row[f"{role.value}_share"] = round(sum(own) / sum(totals), 3)
    return row


def quantile(values: Sequence[float], share: float) -> float:
    """The value that `share` of them do not exceed."""
    ordered = sorted(values)
    return ordered[min(int(share * len(ordered)), len(ordered) - 1)]
