"""The dead letters of a deployment: reads them, sends originals again, notes what was replayed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import click
from confluent_kafka import KafkaError, Producer

from agents.reachability import Reachability, quiet
from agents.refusals import not_done
from deploy.cli.keyed_values import DELIVERY_S, KeyedValues
from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError
from schemas.catalogue import DEAD_LETTER_REPLAYS, DEAD_LETTERS
from schemas.codec import DecodeError, decode, encode
from schemas.dead_letter import REPLAYED_FROM, DeadLetter, DeadLetterReplay


@dataclass(frozen=True)
class StoredLetter:
    """A dead letter and when it was replayed, if it was; its name is its message's position."""

    letter: DeadLetter
    replayed_at: datetime | None

    @property
    def name(self) -> str:
        """KAFKA_TOPIC/PARTITION/OFFSET of the message that could not be processed."""
        return self.letter.source.place


class DeadLetterBox:
    """Every method raises as KeyedValues does."""

    def __init__(self, kafka: KafkaSettings) -> None:
        self._kafka = kafka
        self._replays = KeyedValues(kafka, DEAD_LETTER_REPLAYS)

    def letters(self) -> list[StoredLetter]:
        """All that are kept, oldest first; a message that was rejected twice counts once."""
        replayed = {
            name: decode(DeadLetterReplay, value).at
            for name, value in self._replays.latest().items()
        }
        found: dict[str, DeadLetter] = {}
        for key, value in KeyedValues(self._kafka, DEAD_LETTERS).history():
            try:
                letter = decode(DeadLetter, value)
            except DecodeError as error:
                click.echo(f"skipped a dead letter of {key!r}: {error}", err=True)
                continue
            found[letter.source.place] = letter
        stored = [StoredLetter(letter, replayed.get(name)) for name, letter in found.items()]
        return sorted(stored, key=lambda item: item.letter.at)

    def replay(self, letters: Sequence[DeadLetter], now: datetime) -> None:
        """Send the originals to where they came from, then note that they were sent.

        Without the note, after a crash in between, they may be sent once more: whoever reads them
        derives the same ids from them.
        """
        self._send(letters)
        self._replays.write(
            {
                letter.source.place: encode(DeadLetterReplay(source=letter.source, at=now))
                for letter in letters
            }
        )

    def _send(self, letters: Iterable[DeadLetter]) -> None:
        producer = Producer(
            {
                **quiet(self._kafka.client_settings(), Reachability()),
                # In order, and without what idempotence asks of a user who may not write.
                "max.in.flight.requests.per.connection": 1,
                "acks": "all",
                "message.timeout.ms": int(DELIVERY_S * 1000),
            }
        )
        failed: list[KafkaError] = []
        for letter in letters:
            origin = letter.replayed_from or letter.source
            producer.produce(
                letter.source.kafka_topic,
                letter.original() if letter.payload_bytes else None,
                None if letter.key is None else letter.key.encode("utf-8"),
                letter.source.partition,
                headers=[(REPLAYED_FROM, origin.place.encode("utf-8"))],
                on_delivery=lambda error, _: failed.append(error) if error is not None else None,
            )
            producer.poll(0)
        left = producer.flush(DELIVERY_S + 1.0)
        if failed or left:
            why = "no broker answers"
            if failed:
                why = not_done("send to where they came from", failed[0], self._kafka)
            raise RetryableError(f"not every dead letter was sent again: {why}; try again")
