"""Prints every record once with plain confluent-kafka."""

import sys

from confluent_kafka import Consumer

from schemas import RevisionMemory

servers, kafka_topic = sys.argv[1:3]
consumer = Consumer(
    {"bootstrap.servers": servers, "group.id": "example", "auto.offset.reset": "earliest"}
)
consumer.subscribe([kafka_topic])
memory = RevisionMemory()
while True:
    message = consumer.poll(1.0)
    if message is None or message.error() is not None:
        continue
    record = memory.news(message.value())
    if record is not None:
        text = " ".join(sentence.text for sentence in record.sentences)
        print(record.op, record.subject.name, record.category, text, sep=" | ", flush=True)
