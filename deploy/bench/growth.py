"""Bench `growth`: processor time a window as streams get long, subjects many, the pool large.

Windows go through all six roles of a real worker, so many a second in every case, once as many have
gone through before in every case. What the worker uses while nothing comes is measured apart and
taken out: what is left is what one window more costs.
"""

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from deploy.bench.feeding import Counted, Feed
from deploy.bench.growing import Case, Place, window_of
from deploy.bench.processes import Deployment, ModelServer, Processes, wait_for
from deploy.brokers.process import BrokerProcess
from deploy.cli.bench_report import OURS, Row
from schemas.catalogue import WINDOW_OUTCOMES, raw_kafka_topic

DOMAIN = "news"
SENTENCES = 12
_LIMIT_S = 240.0
_RATE = 12.0
_REST_S, _SETTLED_S, _IDLE_S = 2.0, 1.0, 4.0
"""Before anything is measured; after a stretch, as what it left to do is its own; idle."""
_PARTITION = 0
"""All streams are on one, so that their number makes no difference."""
_WARMING = "warming"
_REFERENCE_ROUNDS, _REFERENCE_STEPS = 5, 200_000


@dataclass(frozen=True)
class Load:
    """How much is measured: `stretches` of `windows` each, after `warm` windows at the least."""

    stretches: int = 3
    windows: int = 48
    warm: int = 250

    @property
    def measured(self) -> int:
        """Windows of all stretches."""
        return self.stretches * self.windows


@dataclass(frozen=True)
class Stretch:
    """Windows that were measured: their processor seconds, and seconds from first to last."""

    windows: int
    cpu_s: float
    took_s: float
    calls: int

    def marginal_ms(self, regular: float) -> float:
        """Milliseconds of processor time that one window more costs.

        `regular`: the share of a processor that is used without any.
        """
        return 1000 * (self.cpu_s - regular * (self.took_s + _SETTLED_S)) / self.windows


class Running:
    """A worker with all roles, and what goes through it."""

    def __init__(self, case: Case, processes: Processes, servers: str) -> None:
        self._models = ModelServer(processes, 0.001, 0.0)
        splitter = f"window_sentences = {SENTENCES}\nmax_carry_share = 0.0\nmax_age_s = 600.0"
        deployment = Deployment(
            processes,
            servers,
            f"bench-{uuid.uuid4().hex[:8]}",
            self._models.base_url,
            in_flight=64,
            tables=f"[splitter]\n{splitter}",
            worker=f"max_known_subjects = {case.known_subjects}",
            policy="default",
            arms=case.arms,
            role_prior=case.role_prior,
        )
        named = deployment.config.kafka.named
        self._worker: BrokerProcess = deployment.start_worker()
        self._outcomes = Counted(servers, named(WINDOW_OUTCOMES))
        self._raw = named(raw_kafka_topic(DOMAIN))
        self._feed = Feed(servers)
        self._case = case
        self._sent = 0

    def play(self, places: Sequence[Place], rate: float | None = None) -> None:
        """Have windows through, `rate` a second or as fast as they go."""
        began_s = time.monotonic()
        for number, place in enumerate(places):
            if rate is not None:
                time.sleep(max(began_s + number / rate - time.monotonic(), 0.0))
            for value in window_of(self._case, place, SENTENCES):
                self._feed.send(self._raw, place.stream, value, _PARTITION)
        self._feed.flush()
        self._sent += len(places)
        what = f"{self._sent} windows"
        wait_for(lambda: self._outcomes.messages() >= self._sent, _LIMIT_S, what, 0.05)

    def regular(self) -> float:
        """The share of a processor that the worker uses while nothing comes."""
        time.sleep(_REST_S)
        used_s, began_s = self._worker.cpu_s(), time.monotonic()
        time.sleep(_IDLE_S)
        return (self._worker.cpu_s() - used_s) / (time.monotonic() - began_s)

    def stretch(self, places: Sequence[Place]) -> Stretch:
        """Windows at a steady pace, measured."""
        used_s, calls = self._worker.cpu_s(), len(self._models.replies())
        began_s = time.monotonic()
        self.play(places, _RATE)
        took_s = time.monotonic() - began_s
        time.sleep(_SETTLED_S)
        used_s = self._worker.cpu_s() - used_s
        calls = len(self._models.replies()) - calls
        return Stretch(len(places), used_s, took_s, calls)

    def close(self) -> None:
        """Close the client."""
        self._outcomes.close()


def measure(case: Case, load: Load, servers: str, progress: Callable[[float], None]) -> Row:
    """One case: windows until it has grown to its size, then an idle stretch and busy ones."""
    before, measured = case.places(load.measured)
    warming = [Place(_WARMING, number) for number in range(load.warm - len(before))]
    with Processes() as processes:
        running = Running(case, processes, servers)
        running.play(warming)
        running.play(before)
        progress(0.5)
        regular = running.regular()
        stretches, references = [], []
        for number in range(load.stretches):
            references.append(reference_ms())
            places = measured[number * load.windows : (number + 1) * load.windows]
            stretches.append(running.stretch(places))
            progress(0.5 + 0.5 * (number + 1) / load.stretches)
        running.close()
    return row(case, regular, stretches, median(references))


def row(case: Case, regular: float, stretches: Sequence[Stretch], reference: float) -> Row:
    """The figures of a case: medians over its stretches."""
    costs = [stretch.marginal_ms(regular) for stretch in stretches]
    return {
        "system": OURS,
        "grows": case.what,
        "size": case.size,
        "windows_measured": sum(stretch.windows for stretch in stretches),
        "cpu_ms_per_window": round(median(costs), 2),
        "cpu_ms_per_window_least": round(min(costs), 2),
        "cpu_ms_per_window_most": round(max(costs), 2),
        "regular_cpu_ms_per_s": round(1000 * regular, 1),
        "calls_per_window": round(median(s.calls / s.windows for s in stretches), 2),
        "windows_per_s": round(median(s.windows / s.took_s for s in stretches), 2),
        "reference_ms": round(reference, 2),
    }


def reference_ms() -> float:
    """Processor time of the same piece of Python: how fast the machine is at the moment."""

    def once() -> float:
        began_s, total = time.process_time(), 0
        for number in range(_REFERENCE_STEPS):
            total += number & 7
        return 1000 * (time.process_time() - began_s)

    return min(once() for _ in range(_REFERENCE_ROUNDS))


def cases(windows: list[int], subjects: list[int], arms: list[int]) -> Iterator[Case]:
    """All cases, by what grows; each pool as it is tried out and, if there is a choice, settled."""
    for what, sizes in (("windows", windows), ("subjects", subjects), ("arms", arms)):
        for size in sizes:
            yield Case(what, size)
    for size in arms:
        if size > 1:
            yield Case("settled arms", size)
