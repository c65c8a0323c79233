"""One run of the demonstration, from the first process to the summary."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import Message
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.demo.cluster import DemoCluster
from deploy.demo.ledger import DemoLedger, dearest_of
from deploy.demo.summary import figures, keep_lines, print_summary, record_line
from deploy.demo.traffic import Observer, SamplePlayer
from deploy.samples import load_streams
from pipeline.config import load_config
from pipeline.domains import load_domains
from schemas.catalogue import (
    DEAD_LETTERS,
    ROLE_ASSIGNMENTS,
    ROLE_REWARDS,
    WINDOW_OUTCOMES,
    records_kafka_topic,
)
from schemas.codec import decode
from schemas.dead_letter import DeadLetter
from schemas.messages import CategorizedRecord, WindowOutcome
from schemas.rewards import RewardEvent, RoleAssignment

_LIMIT_S = 150.0
_LIMIT_LARGER_S = 1800.0
_SETTLE_S = 2.0


@dataclass(frozen=True)
class DemoOptions:
    """What the user asked for; `rate` in sentences a second over all streams."""

    bootstrap_servers: str | None
    larger_models: bool
    rate: float
    feedback: bool
    keep: bool
    json_path: Path | None


def run_demo(options: DemoOptions, console: Console, now_s: Callable[[], float]) -> bool:
    """Run it; returns whether every sentence was accounted for.

    Raises ConfigurationError or RetryableError if something does not start or ends by itself.
    """
    started = now_s()
    with DemoCluster(
        options.bootstrap_servers,
        options.larger_models,
        report=lambda line: console.print(f"[dim]{line}[/dim]"),
    ) as cluster:
        config = load_config(cluster.config_path, environ={})
        ledger = DemoLedger(dearest_of(config))
        kafka = config.kafka
        kafka_topics = [records_kafka_topic(name) for name in load_domains()]
        kafka_topics += [WINDOW_OUTCOMES, ROLE_REWARDS, DEAD_LETTERS]
        observer = Observer(
            kafka.client_settings(), kafka_topics, kafka.partitions, from_start=[ROLE_ASSIGNMENTS]
        )
        try:
            _Show(options, console, cluster, ledger, observer, now_s).play(
                SamplePlayer(kafka.client_settings(), load_streams())
            )
        finally:
            observer.close()
        elapsed_s = now_s() - started
        print_summary(console, ledger, elapsed_s)
        if options.json_path is not None:
            text = json.dumps(figures(ledger, elapsed_s), ensure_ascii=False, indent=1)
            options.json_path.write_text(text, encoding="utf-8")
        if options.keep:
            for line in keep_lines(cluster.bootstrap_servers, cluster.config_path):
                console.print(line, soft_wrap=True)
            _wait(cluster)
    return ledger.complete


def _wait(cluster: DemoCluster) -> None:
    while True:
        cluster.check()
        time.sleep(1.0)


class _Show:
    """Plays the streams and shows what comes out."""

    def __init__(
        self,
        options: DemoOptions,
        console: Console,
        cluster: DemoCluster,
        ledger: DemoLedger,
        observer: Observer,
        now_s: Callable[[], float],
    ) -> None:
        self._options = options
        self._console = console
        self._cluster = cluster
        self._ledger = ledger
        self._observer = observer
        self._now_s = now_s

    def play(self, player: SamplePlayer) -> None:
        """Send everything, show everything, end when all is accounted for or time is up."""
        streams = load_streams()
        total = sum(len(stream.sentences) for stream in streams)
        columns = (
            TextColumn("{task.description:10}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("sentences"),
            TimeElapsedColumn(),
        )
        limit_s = _LIMIT_LARGER_S if self._options.larger_models else _LIMIT_S
        with Progress(*columns, console=self._console) as progress:
            sent = progress.add_task("sent", total=total)
            done = progress.add_task("organised", total=total)
            start = self._now_s()
            sending = True
            while self._now_s() - start < limit_s and not (self._ledger.complete and not sending):
                due = int((self._now_s() - start) * self._options.rate)
                while sending and sum(self._ledger.sent.values()) < due:
                    domain = player.send_next()
                    sending = domain is not None
                    if domain is not None:
                        self._ledger.sent[domain] += 1
                self._take(player, 0.1)
                self._cluster.check()
                progress.update(sent, completed=sum(self._ledger.sent.values()))
                progress.update(done, completed=sum(self._ledger.accounted.values()))
            settled = self._now_s() + _SETTLE_S
            while self._now_s() < settled:
                self._take(player, 0.2)
        player.close()

    def _take(self, player: SamplePlayer, timeout_s: float) -> None:
        for message in self._observer.poll(timeout_s):
            self._note(message, player)

    def _note(self, message: Message, player: SamplePlayer) -> None:
        kafka_topic, value = message.topic(), message.value()
        ledger, console = self._ledger, self._console
        if kafka_topic == WINDOW_OUTCOMES:
            outcome = decode(WindowOutcome, value)
            ledger.outcome(outcome)
            if self._options.feedback:
                player.correct(outcome, (*outcome.recorded, *outcome.unassigned))
        elif kafka_topic == ROLE_REWARDS:
            ledger.run(decode(RewardEvent, value))
        elif kafka_topic == ROLE_ASSIGNMENTS:
            item = decode(RoleAssignment, value)
            path = ledger.history.get(f"{item.domain}|{item.role.value}", [])
            before = path[-1] if path else None
            if ledger.assignment(item):
                console.print(
                    f"[yellow]role[/yellow] {item.domain} {item.role.value}: "
                    f"{before} -> [bold]{item.primary}[/bold]",
                    soft_wrap=True,
                )
        elif kafka_topic == DEAD_LETTERS:
            letter = decode(DeadLetter, value)
            ledger.dead_letters.append(letter)
            console.print(f"[red]dead letter[/red] {letter.error.kind}: {letter.error.message}")
        else:
            record = decode(CategorizedRecord, value)
            if ledger.record(record):
                console.print(record_line(record), soft_wrap=True)
