"""The demonstration's own producer and reader, with plain confluent-kafka like any user's."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from confluent_kafka import (
    OFFSET_BEGINNING,
    Consumer,
    KafkaError,
    Message,
    Producer,
    TopicPartition,
)

from deploy.samples import SampleStream
from pipeline.errors import RetryableError
from schemas.catalogue import FEEDBACK, raw_kafka_topic
from schemas.codec import encode
from schemas.messages import RawText, WindowOutcome
from schemas.rewards import Feedback, FeedbackSentence, FeedbackSubject


class SamplePlayer:
    """Sends the sample streams side by side, a sentence of each in turn."""

    def __init__(self, settings: dict[str, str], streams: Iterable[SampleStream]) -> None:
        self._producer = Producer({**settings, "enable.idempotence": True, "linger.ms": 5})
        self._streams = {stream.stream_id: stream for stream in streams}
        self._turns = self._in_turn()

    def send_next(self) -> str | None:
        """Send the next sentence; returns its domain, None when all are sent."""
        turn = next(self._turns, None)
        if turn is None:
            self._producer.flush(10)
            return None
        domain, raw = turn
        self._producer.produce(raw_kafka_topic(domain), key=raw.stream_id, value=encode(raw))
        self._producer.poll(0)
        return domain

    def correct(self, outcome: WindowOutcome, seqs: Iterable[int]) -> None:
        """Send the sample's labels of a window's sentences, as an editor would."""
        stream = self._streams.get(outcome.stream_id)
        if stream is None:
            return
        wanted = set(seqs)
        feedback = Feedback(
            domain=stream.domain,
            stream_id=stream.stream_id,
            subjects=tuple(
                FeedbackSubject(key=subject.key, name=subject.name, aliases=subject.aliases)
                for subject in stream.subjects
            ),
            sentences=tuple(
                FeedbackSentence(
                    seq=sentence.seq,
                    subject=sentence.subject,
                    categories=sentence.categories,
                    also=sentence.also,
                )
                for sentence in stream.sentences
                if sentence.seq in wanted
            ),
            at=datetime.now(UTC),
        )
        self._producer.produce(FEEDBACK, key=stream.stream_id, value=encode(feedback))
        self._producer.poll(0)

    def close(self) -> None:
        """Wait until all is sent."""
        self._producer.flush(10)

    def _in_turn(self) -> Iterator[tuple[str, RawText]]:
        streams = list(self._streams.values())
        longest = max(len(stream.sentences) for stream in streams)
        for index in range(longest):
            for stream in streams:
                if index < len(stream.sentences):
                    sentence = stream.sentences[index]
                    yield (
                        stream.domain,
                        RawText(
                            stream_id=stream.stream_id,
                            seq=sentence.seq,
                            text=sentence.text,
                            lang=stream.lang,
                            end=index == len(stream.sentences) - 1,
                        ),
                    )


class Observer:
    """Reads several Kafka topics outside any consumer group: `kafka_topics` from now on.

    Those `from_start` are read whole: what stands in them holds until something newer comes.
    """

    def __init__(
        self,
        settings: dict[str, str],
        kafka_topics: Iterable[str],
        partitions: int,
        from_start: Iterable[str] = (),
    ) -> None:
        self._consumer = Consumer(
            {
                **settings,
                "group.id": "rolestream-demo-observer",
                "enable.auto.commit": False,
                "auto.offset.reset": "latest",
                "fetch.wait.max.ms": 100,
            }
        )
        places = [
            TopicPartition(name, partition)
            for name in kafka_topics
            for partition in range(partitions)
        ]
        for place in places:
            _, high = self._consumer.get_watermark_offsets(place, timeout=10)
            place.offset = high
        places += [
            TopicPartition(name, partition, OFFSET_BEGINNING)
            for name in from_start
            for partition in range(partitions)
        ]
        self._consumer.assign(places)

    def poll(self, timeout_s: float) -> list[Message]:
        """What came in, waiting at most `timeout_s`. Raises RetryableError for a broken cluster."""
        messages = []
        for message in self._consumer.consume(num_messages=200, timeout=timeout_s):
            error = message.error()
            if error is None:
                messages.append(message)
            elif error.code() != KafkaError._PARTITION_EOF:
                raise RetryableError(f"reading from Kafka failed: {error.str()}")
        return messages

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()
