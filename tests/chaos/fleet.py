"""Workers that are killed and started again, content that keeps coming, and the evidence."""

import json
import random
import signal
import subprocess
import threading
import time
from typing import Any
from urllib.request import urlopen

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, Message

from schemas.answers import JUDGMENT, LoggedAnswer
from schemas.catalogue import ANSWERS, WINDOW_OUTCOMES, WINDOWS, records_kafka_topic
from schemas.codec import decode
from schemas.messages import CategorizedRecord, Window, WindowOutcome
from tests.chaos.content import stream
from tests.chaos.verifier import Evidence, Logged, ModelCall, unaccounted
from tests.flow import Deployment, until

DOMAIN = "ecommerce"
SPLITTER = "window_sentences = 20\nmax_age_s = 5.0"
MODEL_LINES = "timeout_s = 30\nmax_retries = 2"
LOG_APPEND_TIME = {"log.message.timestamp.type": "LogAppendTime"}
"""For the broker, so that it is known when an answer was logged."""


class Talk(threading.Thread):
    """Produces one stream after the other until it is told to stop."""

    def __init__(self, deployment: Deployment, every_s: float, length: int = 45) -> None:
        super().__init__(daemon=True)
        self._deployment = deployment
        self._every_s = every_s
        self._length = length
        self._enough = threading.Event()
        self.streams: dict[str, list[str]] = {}

    def run(self) -> None:
        while not self._enough.wait(self._every_s):
            name = f"show-{len(self.streams)}"
            texts = stream(name, self._length, seed=len(self.streams))
            self.streams[name] = texts
            self._deployment.produce(DOMAIN, name, texts, lang="en")

    def end(self) -> None:
        self._enough.set()
        self.join()


class Fleet:
    """`size` workers with the same roles; whoever is killed is started again at once."""

    def __init__(
        self, deployment: Deployment, size: int, module: str = "deploy.cli", roles: str = ""
    ) -> None:
        self._deployment = deployment
        self.module = module
        self._roles = roles
        self.kills = 0
        self.members = [self.start() for _ in range(size)]

    def start(self) -> subprocess.Popen[bytes]:
        arguments = ["worker", "--config", str(self._deployment.config_path), "--no-create-topics"]
        arguments += ["--roles", self._roles] if self._roles else []
        return self._deployment._spawn(self.module, arguments)[0]

    def kill(self, place: int, number: signal.Signals = signal.SIGKILL) -> None:
        """End a worker and start another in its place."""
        process = self.members[place]
        process.send_signal(number)
        process.wait(30)
        self._deployment._processes.remove(process)
        self.kills += 1
        self.members[place] = self.start()

    def wait_ready(self, limit_s: float = 90.0) -> None:
        """Wait until every worker has said that it is ready."""
        logs = self._deployment.folder
        until(
            lambda: (
                sum(b"ready:" in log.read_bytes() for log in logs.glob(f"{self.module}-*.log"))
                >= len(self.members)
            ),
            limit_s,
        )

    def harass(self, kills: int, chance: random.Random, gap_s: tuple[float, float]) -> None:
        """Kill random workers at random moments; now and then add one or stop one in order."""
        for number in range(kills):
            time.sleep(chance.uniform(*gap_s))
            if number % 10 == 4 and len(self.members) < 4:
                self.members.append(self.start())
            elif number % 10 == 9 and len(self.members) > 2:
                leaver = self.members.pop()
                leaver.terminate()
            self.kill(chance.randrange(len(self.members)))


def gather(deployment: Deployment, streams: dict[str, list[str]]) -> Evidence:
    """All that came out, read as a user would and from the topics themselves."""
    printed = deployment.command("consume", "--domain", DOMAIN, "--json")
    lines = [line for line in printed.splitlines() if line.startswith("{")]
    windows: dict[tuple[str, str], set[str]] = {}
    for window in deployment.read(WINDOWS, Window):
        ends = (window.sentences[0].text, window.sentences[-1].text)
        windows.setdefault(ends, set()).add(window.window_id)
    with urlopen(f"http://127.0.0.1:{deployment.models_port}/journal") as reply:
        journal: list[dict[str, Any]] = json.load(reply)
    return Evidence(
        streams=streams,
        consumed=[CategorizedRecord.model_validate_json(line) for line in lines],
        published=deployment.read(records_kafka_topic(DOMAIN), CategorizedRecord),
        outcomes=deployment.read(WINDOW_OUTCOMES, WindowOutcome),
        dead_letters=len(deployment.dead_letters()),
        windows=windows,
        calls=[ModelCall(**entry) for entry in journal],
        answers=[_logged(message) for message in deployment.messages(ANSWERS)],
    )


def _logged(message: Message) -> Logged:
    answer = decode(LoggedAnswer, message.value())
    kind, stamp_ms = message.timestamp()
    assert kind == TIMESTAMP_LOG_APPEND_TIME, "the broker must say when it had an answer"
    return Logged(
        key=answer.key,
        window_id=answer.window_id,
        role=answer.role.value,
        model=answer.model,
        prompt_version=answer.prompt_version,
        second=answer.prompt_version.startswith(JUDGMENT),
        # The stamp is cut to whole milliseconds.
        logged_s=stamp_ms / 1000 + 0.001,
    )


def finish(deployment: Deployment, talk: Talk, limit_s: float = 180.0) -> Evidence:
    """End the talk, wait until every sentence is accounted for, and gather what came out.

    What is not accounted for in time is told with where it waits.
    """
    talk.end()
    said = sum(map(len, talk.streams.values()))
    deadline = time.monotonic() + limit_s
    while sum(outcome.sentences for outcome in deployment.outcomes()) < said:
        if time.monotonic() > deadline:
            status = json.loads(deployment.command("status", "--json"))
            missing = unaccounted(gather(deployment, talk.streams))
            raise AssertionError(f"after {limit_s:g} s: lag {status['lag']}; {missing}")
        time.sleep(1.0)
    return gather(deployment, talk.streams)


def accounted(deployment: Deployment) -> list[tuple[int, float]]:
    """Partition and time of every window's account, as the broker stamped it."""
    return [
        (message.partition() or 0, message.timestamp()[1] / 1000)
        for message in deployment.messages(WINDOW_OUTCOMES)
    ]
