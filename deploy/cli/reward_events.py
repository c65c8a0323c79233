"""Reads logged reward events, from Kafka or from a file, each once and in order."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import click

from deploy.cli.keyed_values import KeyedValues
from pipeline.config import KafkaSettings
from pipeline.decisions.ledger import identity
from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.rolerl.messages import observation_of
from pipeline.rolerl.policy import Observation
from schemas.catalogue import ROLE_REWARDS
from schemas.codec import DecodeError, decode
from schemas.rewards import RewardEvent


@dataclass(frozen=True)
class RewardLog:
    """Reward events without repetitions, and where they are from."""

    source: str
    events: tuple[RewardEvent, ...]

    @property
    def policies(self) -> tuple[str, ...]:
        """The policies that made the log's decisions."""
        return tuple(sorted({event.policy for event in self.events if not event.late}))

    def observations(self) -> list[Observation]:
        """What a policy is told of them, with the reward as it was logged."""
        return [
            observation_of(event)._replace(reward=None if event.late else event.reward)
            for event in self.events
        ]


def read_from_kafka(kafka: KafkaSettings) -> RewardLog:
    """All reward events up to the present end, by time; raises as KeyedValues does.

    Events that cannot be read are counted in a line on standard error.
    """
    events: list[RewardEvent] = []
    problems: list[str] = []
    for _, value in KeyedValues(kafka, ROLE_REWARDS).history():
        try:
            events.append(decode(RewardEvent, value))
        except DecodeError as error:
            problems.append(str(error))
    if problems:
        click.echo(f"skipped {len(problems)} unreadable reward events: {problems[0]}", err=True)
    events.sort(key=lambda event: event.at)
    return RewardLog(kafka.named(ROLE_REWARDS), _once(events))


def read_from_file(path: Path) -> RewardLog:
    """Reward events as JSON lines, in the file's order.

    Raises ConfigurationError if the file cannot be read, InvalidInputError for a line that is no
    reward event.
    """
    try:
        lines = path.read_bytes().splitlines()
    except OSError as error:
        raise ConfigurationError(f"cannot read {path}: {error.strerror}") from None
    events = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            events.append(decode(RewardEvent, line))
        except DecodeError as error:
            problem = _without_propensity(line) or str(error)
            raise InvalidInputError(f"{path}, line {number}: {problem}") from None
    return RewardLog(str(path), _once(events))


def _without_propensity(line: bytes) -> str | None:
    try:
        given = json.loads(line)
    except ValueError:
        return None
    if not isinstance(given, dict) or given.get("propensity") is not None:
        return None
    return (
        "the event has no propensity: without the chance with which each arm was drawn no other "
        "policy can be estimated"
    )


def _once(events: Iterable[RewardEvent]) -> tuple[RewardEvent, ...]:
    return tuple({identity(event): event for event in reversed(list(events))}.values())[::-1]
