"""Bench `inflight`: model calls a second against the limit K/L, K calls in flight of L seconds."""

import json
import math
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from deploy.bench.feeding import Feed
from deploy.bench.peers import new_kafka_topic, start_peer
from deploy.bench.processes import Deployment, ModelServer, Processes, wait_for
from deploy.bench.windows import DOMAIN, finder_task
from deploy.brokers.process import BrokerProcess
from deploy.cli.bench_report import OURS, Row
from pipeline.domains import load_domains
from pipeline.errors import RetryableError
from pipeline.olp.topic_finder import TopicFinder
from schemas.catalogue import role_kafka_topic
from schemas.codec import encode
from schemas.roles import Role

FAUST, FAUST_ONE, AIOKAFKA, QUIX = "faust", "faust, concurrency=1", "aiokafka", "quixstreams"
SYSTEMS = (OURS, FAUST_ONE, FAUST, AIOKAFKA, QUIX)
ONE_BY_ONE = (FAUST_ONE, QUIX)
"""Systems that make one call at a time in a process, whatever K is."""
_PROGRAMS = {
    FAUST: "faust_calls",
    FAUST_ONE: "faust_calls",
    AIOKAFKA: "aiokafka_calls",
    QUIX: "quix_calls",
}
_TEXTS = 64
_MOST_CALLS_PER_S = 2500
"""More than any of the systems reaches on two cores: bounds what is prepared."""
_START_S = 60.0


@dataclass(frozen=True)
class Case:
    """What is measured once; `k` is in flight in each of `workers` processes."""

    system: str
    k: int
    latency_s: float
    workers: int = 1

    @property
    def limit_per_s(self) -> float:
        """Calls a second that no system can exceed."""
        return self.k * self.workers / self.latency_s


@dataclass(frozen=True)
class Load:
    """How much work there is: seconds to measure, sentences a window, spread of the latency."""

    seconds: float = 10.0
    sentences: int = 60
    spread: float = 0.0


def cases(
    systems: Sequence[str], ks: Sequence[int], latencies_s: Sequence[float], workers: Sequence[int]
) -> Iterator[Case]:
    """All cases; a system that makes one call at a time has one for each latency."""
    for latency_s in latencies_s:
        for system in systems:
            for k in (1,) if system in ONE_BY_ONE else ks:
                for count in workers if system == OURS else (1,):
                    yield Case(system, k, latency_s, count)


def measure(case: Case, load: Load, servers: str, progress: Callable[[float], None]) -> Row:
    """Run one case; `progress` takes the share that is done."""
    with Processes() as processes:
        models = ModelServer(processes, case.latency_s, load.spread)
        in_flight = case.k * case.workers
        warm_s = max(2.0, 2 * case.latency_s)
        per_s = min(case.limit_per_s, _MOST_CALLS_PER_S)
        calls = 3 * in_flight + math.ceil(per_s * (max(load.seconds, 4 * case.latency_s) + warm_s))
        if case.system == OURS:
            running = _start_ours(case, load, servers, processes, models, calls)
        else:
            running = [_start_peer(case, load, servers, processes, models, calls)]
        wait_for(lambda: len(models.replies()) > in_flight, _START_S, f"{case.system} started")
        time.sleep(warm_s)
        began_s, used_s = time.monotonic(), sum(process.cpu_s() for process in running)
        end_s = began_s + max(load.seconds, 4 * case.latency_s)
        while time.monotonic() < end_s:
            progress(1 - (end_s - time.monotonic()) / load.seconds)
            processes.check()
            time.sleep(0.5)
        used_s = sum(process.cpu_s() for process in running) - used_s
        now_s = time.monotonic()
        times = [at for at in models.replies() if began_s <= at]
        if times and now_s - times[-1] > 2 * case.latency_s + 1.0 and len(times) < calls // 4:
            raise RetryableError(f"{case.system} stopped making calls before the end")
        rate = steady_rate(times, in_flight)
    return {
        "system": case.system,
        "k": case.k,
        "latency_s": case.latency_s,
        "workers": case.workers,
        "spread": load.spread,
        "sentences": load.sentences,
        "calls_per_s": round(rate, 2),
        "efficiency": round(rate / case.limit_per_s, 4),
        "cpu_ms_per_call": round(1000 * used_s / max(len(times), 1), 3),
    }


def steady_rate(times: Sequence[float], in_flight: int) -> float:
    """Events a second over whole rounds of `in_flight`, which come in bursts; 0 if there are none.

    Of constant latency, K calls end together: over whole rounds the bursts do not count.
    """
    if len(times) < 2:
        return 0.0
    steps = (len(times) - 1) // in_flight * in_flight or len(times) - 1
    return steps / (times[steps] - times[0])


def _start_ours(
    case: Case, load: Load, servers: str, processes: Processes, models: ModelServer, calls: int
) -> list[BrokerProcess]:
    name = f"bench-{uuid.uuid4().hex[:8]}"
    # K calls are in flight; the windows before and after their call must not take their places.
    deployment = Deployment(processes, servers, name, models.base_url, case.k, messages=2 * case.k)
    kafka = deployment.config.kafka
    finder = kafka.named(role_kafka_topic(Role.TOPIC_FINDER))
    streams = 8 * case.k * case.workers
    workers = [deployment.start_worker(Role.TOPIC_FINDER.slug) for _ in range(case.workers)]
    # Else the first has them all to itself, and part of what is measured is a rebalance.
    deployment.wait_joined(Role.TOPIC_FINDER.slug, case.workers)
    Feed(servers).fill(finder, _finder_tasks(calls, streams, load.sentences))
    return workers


def _finder_tasks(calls: int, streams: int, sentences: int) -> Iterator[tuple[str, bytes]]:
    """Tasks by stream, encoded; only the ids differ between those of the same text."""
    texts = [
        encode(finder_task(number, "stream", _TEXTS, sentences))
        for number in range(min(_TEXTS, calls))
    ]
    for number in range(calls):
        text, stream = number % len(texts), f"stream-{number % streams}"
        value = texts[text].replace(b'"stream"', f'"{stream}"'.encode())
        yield stream, value.replace(b'"window-%d"' % text, b'"window-%d"' % number)


def _start_peer(
    case: Case, load: Load, servers: str, processes: Processes, models: ModelServer, calls: int
) -> BrokerProcess:
    source = new_kafka_topic(servers, "bench-asked")
    target = new_kafka_topic(servers, "bench-answered")
    domain = load_domains(())[DOMAIN]
    chats = []
    for number in range(min(_TEXTS, calls)):
        task = finder_task(number, "stream", _TEXTS, load.sentences)
        prompt = TopicFinder().prompt(task, domain)
        chat = [{"role": role, "content": content} for role, content in prompt.messages]
        chats.append(json.dumps(chat).encode())
    Feed(servers).fill(source, ((f"stream-{n}", chats[n % len(chats)]) for n in range(calls)))
    group = f"{source}-group"
    arguments = [servers, group, source, target, models.base_url, str(case.k)]
    return start_peer(processes, _PROGRAMS[case.system], arguments)
