"""Reads the ledger of allowances that is in force, the last one written."""

from confluent_kafka import Consumer, KafkaError, TopicPartition

from agents.reachability import Reachability
from agents.refusals import not_done
from deploy.cli.cluster import reader_settings, require_kafka_topic
from deploy.cli.partition_ends import PartitionEnds
from pipeline.allowances.ledger import ledger_in_force
from pipeline.config import KafkaSettings
from pipeline.errors import RetryableError
from schemas.allowances import AllowanceLedger
from schemas.catalogue import ALLOWANCES
from schemas.codec import DecodeError, decode

_LAST = 64
_SILENCE_S = 10.0


def read_last_ledger(kafka: KafkaSettings) -> AllowanceLedger | None:
    """The ledger in force, None if none was ever written.

    Raises ConfigurationError without a cluster or the Kafka topic, RetryableError if the brokers
    fall silent.
    """
    reachability = Reachability()
    consumer = Consumer(reader_settings(kafka.client_settings(), reachability))
    name = kafka.named(ALLOWANCES)
    found: list[AllowanceLedger] = []
    try:
        require_kafka_topic(reachability, consumer, kafka, name)
        low, high = consumer.get_watermark_offsets(TopicPartition(name, 0), timeout=_SILENCE_S)
        consumer.assign([TopicPartition(name, 0, max(low, high - _LAST))])
        unread = PartitionEnds(consumer, {0: None})
        while unread.left:
            message = consumer.poll(_SILENCE_S)
            if message is None:
                raise RetryableError(f"{name} gave no message for {_SILENCE_S:g} s")
            error = message.error()
            if error is not None and error.code() != KafkaError._PARTITION_EOF:
                raise RetryableError(not_done(f"read {name}", error, kafka))
            if error is None:
                try:
                    found.append(decode(AllowanceLedger, message.value()))
                except DecodeError as wrong:
                    raise RetryableError(f"the ledger of allowances: {wrong}") from None
            unread.note(message)
    finally:
        consumer.close()
    return ledger_in_force(found)
