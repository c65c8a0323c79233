"""Bench `streams`: many streams open in one worker: rate, memory, first output after a kill."""

import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from deploy.bench.feeding import Counted, Feed
from deploy.bench.ingest import raw_text
from deploy.bench.processes import Deployment, Processes, wait_for
from deploy.brokers.process import BrokerProcess
from deploy.cli.bench_report import OURS, Row
from schemas.catalogue import WINDOWS, raw_kafka_topic
from schemas.roles import Role

_NOWHERE = "http://127.0.0.1:9/v1"
_LIMIT_S = 150.0
_LOOK_S = 0.1
DOMAIN = "news"


@dataclass(frozen=True)
class Case:
    """`streams` streams, each of so many whole windows and half a window that stays open.

    With a `lasting_name` the worker that comes back is known to its group, else the killed one's
    session has to end first.
    """

    streams: int
    windows_a_stream: int
    window_sentences: int
    lasting_name: bool = True

    @property
    def windows(self) -> int:
        """Windows that come out before the kill."""
        return self.streams * self.windows_a_stream


def measure(case: Case, servers: str, progress: Callable[[float], None]) -> Row:
    """Run one case: fill all streams, kill the worker, start another one, finish each window."""
    with Processes() as processes:
        tables = f"[splitter]\nwindow_sentences = {case.window_sentences}\nmax_age_s = 600.0\n"
        name = f"bench-{uuid.uuid4().hex[:8]}"
        lasting = 'group_instance_id = "bench"\n' if case.lasting_name else ""
        deployment = Deployment(processes, servers, name, _NOWHERE, 64, tables, lasting)
        named = deployment.config.kafka.named
        raw = named(raw_kafka_topic(DOMAIN))
        windows = Counted(servers, named(WINDOWS))
        before = case.windows_a_stream * case.window_sentences + case.window_sentences // 2
        worker = deployment.start_worker(Role.CHUNK_SPLITTER.slug)
        began_s = time.monotonic()
        _feed(servers, raw, case, 1, before)
        wait_for(lambda: windows.messages() >= case.windows, _LIMIT_S, "all windows", _LOOK_S)
        fed_s = time.monotonic() - began_s
        progress(0.5)
        _wait_idle(worker)
        rss_mb = worker.rss_mb()
        known = windows.messages()
        _feed(servers, raw, case, before + 1, (case.windows_a_stream + 1) * case.window_sentences)
        worker.kill()
        killed_s = time.monotonic()
        after = deployment.start_worker(Role.CHUNK_SPLITTER.slug)
        wait_for(lambda: windows.messages() > known, _LIMIT_S, "output after the kill", _LOOK_S)
        recovery_s = time.monotonic() - killed_s
        wanted = case.windows + case.streams
        wait_for(lambda: windows.messages() >= wanted, _LIMIT_S, "every window", _LOOK_S)
        whole_s = time.monotonic() - killed_s
        rss_mb = max(rss_mb, after.rss_mb())
        windows.close()
    return {
        "system": OURS,
        "streams": case.streams,
        "windows_a_stream": case.windows_a_stream,
        "window_sentences": case.window_sentences,
        "lasting_name": case.lasting_name,
        "sentences_per_s": round(case.streams * before / fed_s, 1),
        "rss_mb": round(rss_mb, 1),
        "recovery_s": round(recovery_s, 2),
        "all_recovered_s": round(whole_s, 2),
    }


def _feed(servers: str, raw: str, case: Case, first: int, last: int) -> None:
    feed = Feed(servers)
    for seq in range(first, last + 1):
        for stream in range(case.streams):
            name = f"stream-{stream}"
            feed.send(raw, name, raw_text(name, seq, case.window_sentences), stream % 4)
    feed.flush()


def _wait_idle(worker: BrokerProcess) -> None:
    """Until the worker has taken in what is left of the streams."""
    used_s = worker.cpu_s()
    deadline_s = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline_s:
        time.sleep(1.0)
        now_s = worker.cpu_s()
        if now_s - used_s < 0.3:
            return
        used_s = now_s
