"""Bench `growth`: processor time a window as streams get long, subjects many, the pool large.

One stream goes through all six roles of a real worker, window after window; the time is what the
worker's process used, so that other work on the machine hardly counts.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from deploy.bench.feeding import Counted, Feed
from deploy.bench.marked_text import marked
from deploy.bench.processes import Deployment, ModelServer, Processes, wait_for
from deploy.cli.bench_report import OURS, Row
from schemas.catalogue import WINDOW_OUTCOMES, raw_kafka_topic
from schemas.codec import encode
from schemas.messages import RawText

DOMAIN = "news"
WINDOW = 12
WHAT = ("windows", "subjects", "arms")
_LIMIT_S = 240.0
_MEASURED = 40
_WORDS = "the council said on Tuesday that work goes on as it was planned"


@dataclass(frozen=True)
class Case:
    """`what` has grown to `size` when the cost of a window is taken."""

    what: str
    size: int

    @property
    def windows(self) -> int:
        """Windows before the ones that are measured."""
        if self.what == "windows":
            return max(self.size - _MEASURED, 0)
        return max(self.size // _NEW_SUBJECTS, 5) if self.what == "subjects" else 20


_NEW_SUBJECTS = 4
"""Subjects in each window while subjects grow, all new."""


def cases(windows: list[int], subjects: list[int], arms: list[int]) -> Iterator[Case]:
    """All cases, by what grows."""
    for what, sizes in zip(WHAT, (windows, subjects, arms), strict=True):
        for size in sizes:
            yield Case(what, size)


def measure(case: Case, servers: str, progress: Callable[[float], None]) -> Row:
    """The processor time of a worker over the last windows of one stream."""
    with Processes() as processes:
        models = ModelServer(processes, 0.001, 0.0)
        name = f"bench-{uuid.uuid4().hex[:8]}"
        splitter = f"window_sentences = {WINDOW}\nmax_carry_share = 0.0\nmax_age_s = 600.0"
        arms = case.size if case.what == "arms" else 1
        known = max(case.size, 200) if case.what == "subjects" else 200
        deployment = Deployment(
            processes,
            servers,
            name,
            models.base_url,
            in_flight=64,
            tables=f"[splitter]\n{splitter}",
            worker=f"max_known_subjects = {known}",
            policy="default",
            arms=arms,
        )
        named = deployment.config.kafka.named
        worker = deployment.start_worker()
        outcomes = Counted(servers, named(WINDOW_OUTCOMES))
        raw = named(raw_kafka_topic(DOMAIN))
        feed = Feed(servers)
        measured = min(_MEASURED, case.size) if case.what == "windows" else _MEASURED

        def play(first: int, last: int) -> None:
            for window in range(first, last):
                for value in _window(window, case):
                    feed.send(raw, "stream", value)
            feed.flush()
            wait_for(lambda: outcomes.messages() >= last, _LIMIT_S, f"{last} windows", 0.05)

        play(0, case.windows)
        progress(0.7)
        used_s = worker.cpu_s()
        began_s = time.monotonic()
        play(case.windows, case.windows + measured)
        used_s = worker.cpu_s() - used_s
        took_s = time.monotonic() - began_s
        outcomes.close()
    return {
        "system": OURS,
        "grows": case.what,
        "size": case.size,
        "windows_measured": measured,
        "cpu_ms_per_window": round(1000 * used_s / measured, 2),
        "windows_per_s": round(measured / took_s, 2),
    }


def _window(window: int, case: Case) -> Iterator[bytes]:
    for place in range(WINDOW):
        subject = place * _NEW_SUBJECTS // WINDOW
        # Growing subjects: each window brings new ones; else the same ones come again.
        number = window * _NEW_SUBJECTS + subject if case.what == "subjects" else subject
        text = marked(f"Report {number:04d}", ("fact",), f"of the Report {number:04d} {_WORDS}.")
        seq = window * WINDOW + place + 1
        yield encode(RawText(stream_id="stream", seq=seq, text=text, lang="en"))
