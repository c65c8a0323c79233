"""Whatever lies on an input Kafka topic is handled or dead-lettered with its cause; nothing dies.

ROLESTREAM_FUZZ_MESSAGES says how many messages; `make fuzz` sends 10,000.
"""

import asyncio
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from confluent_kafka import KafkaError, Message, Producer
from pydantic import BaseModel

from agents.web.lag import LagReader, inputs_of_roles, waiting
from agents.worker import domains_of
from schemas.catalogue import catalogue
from schemas.codec import DecodeError, decode
from schemas.messages import Sentence
from schemas.role_task import RoleTask
from schemas.roles import Role
from tests.flow import Deployment, until
from tests.fuzz.mutations import mutated
from tests.scripted.text import marked

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(1800)]

Deploy = Callable[..., Deployment]
MESSAGES = int(os.environ.get("ROLESTREAM_FUZZ_MESSAGES", "600"))
MOST_GROWTH_MIB = 64.0
GOLDEN = Path(__file__).parent.parent / "contract" / "golden"
ROLES = [role for role in Role if role is not Role.CHUNK_SPLITTER]
TAILS = {
    "feedback": "Feedback.json",
    "model-pool": "PoolChange.json",
    "policy-control": "PolicyControl.pinned.json",
    "role-assignments": "RoleAssignment.json",
}
READ_IN_GROUPS = {
    "raw-news": "RawText.json",
    "raw-ecommerce": "RawText.json",
    "role-rewards": "RewardEvent.json",
}


def seeds() -> dict[str, BaseModel]:
    """A valid message for every input Kafka topic."""
    models = {topic.name: topic.model for topic in catalogue(["news", "ecommerce"])}
    found: dict[str, BaseModel] = {}
    for name, file in (TAILS | READ_IN_GROUPS).items():
        model = models[name]
        assert model is not None
        found[name] = decode(model, (GOLDEN / file).read_bytes())
    task = decode(RoleTask, (GOLDEN / "RoleTask.json").read_bytes())
    marks = {
        sentence.seq: marked("copper kettle", ["opening"], sentence.text)
        for sentence in task.window.sentences
    }
    sentences = tuple(Sentence(seq=seq, text=text) for seq, text in marks.items())
    whole = task.model_copy(
        update={"window": task.window.model_copy(update={"sentences": sentences}), "attempt": 0}
    )
    for role in ROLES:
        found[f"role-{role.slug}"] = whole.model_copy(update={"role": role})
    return found


def lag(deployment: Deployment) -> dict[str, int]:
    """Messages that wait before each role."""
    kafka = deployment.config.kafka

    async def read() -> dict[str, int]:
        reader = LagReader(kafka, inputs_of_roles(kafka, tuple(domains_of(deployment.config))))
        try:
            return waiting(await reader.read())
        finally:
            await reader.close()

    return asyncio.run(read())


def memory_mib(pid: int) -> float:
    """Resident memory of a process."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def test_every_message_has_a_defined_end(
    deploy: Deploy, record_testsuite_property: Callable[[str, object], None]
) -> None:
    deployment = deploy(
        models=["oracle", "spare"],
        delay_s=0.0,
        splitter="max_age_s = 2.0",
        worker="window_deadline_s = 3.0",
        domains='enabled = ["news", "ecommerce"]',
    )
    worker = deployment.start_worker()
    named = deployment.config.kafka.named
    producer = Producer({**deployment.config.kafka.client_settings(), "linger.ms": 5})
    models = {topic.name: topic.model for topic in catalogue(["news", "ecommerce"])}
    unreadable: dict[str, str] = {}
    sent: set[str] = set()

    def landed(name: str, readable: bool) -> Callable[[KafkaError | None, Message], None]:
        def note(error: KafkaError | None, message: Message) -> None:
            assert error is None
            place = f"{message.topic()}/{message.partition()}/{message.offset()}"
            sent.add(place)
            if not readable and name not in TAILS:
                unreadable[place] = name

        return note

    grown_from = 0.0
    for number, (name, value) in enumerate(mutated(seeds(), Random(5), MESSAGES)):
        model = models[name]
        assert model is not None
        readable = True
        try:
            decode(model, value)
        except DecodeError:
            readable = False
        key = f"fuzz-{number % 7}".encode()
        producer.produce(named(name), value, key, on_delivery=landed(name, readable))
        producer.poll(0)
        if number == MESSAGES // 3:
            producer.flush(30)
            until(lambda: sum(lag(deployment).values()) == 0, 600)
            grown_from = memory_mib(worker.pid)
    producer.flush(30)
    until(lambda: sum(lag(deployment).values()) == 0, 900)
    assert worker.poll() is None
    letters = deployment.dead_letters()
    places = {letter.source.place: letter for letter in letters}
    for place, name in unreadable.items():
        assert place in places, f"a message on {name} that cannot be read is nowhere: {place}"
        assert places[place].error.kind == "invalid"
    kinds = Counter(letter.error.kind for letter in letters)
    assert "internal" not in kinds, [x.error.message for x in letters if x.error.kind == "internal"]
    assert all(letter.error.message for letter in letters)
    growth = memory_mib(worker.pid) - grown_from
    assert growth < MOST_GROWTH_MIB
    texts = [marked("mug", ["fact"], f"After all {n}.") for n in range(8)]
    deployment.produce("news", "after", texts)
    until(lambda: any(o.stream_id == "after" for o in deployment.outcomes()), 60)
    (log,) = deployment.folder.glob("deploy.cli-*.log")
    assert "Traceback" not in log.read_text(errors="replace")
    figures = {"messages": len(sent), "unreadable": len(unreadable), "dead_letters": dict(kinds)}
    record_testsuite_property(
        "fuzz", json.dumps({**figures, "memory_growth_mib": round(growth, 1)})
    )
