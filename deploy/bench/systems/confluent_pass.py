"""The bare loop of confluent-kafka: consume a batch, produce it, flush, commit."""

import sys

from confluent_kafka import Consumer, Producer

servers, group, source, target = sys.argv[1:5]
consumer = Consumer(
    {
        "bootstrap.servers": servers,
        "group.id": group,
        "enable.auto.commit": False,
        "auto.offset.reset": "earliest",
    }
)
producer = Producer({"bootstrap.servers": servers, "acks": "all", "linger.ms": 5})
consumer.subscribe([source])
while True:
    messages = consumer.consume(1000, 0.1)
    for message in messages:
        while True:
            try:
                producer.produce(target, message.value(), message.key())
            except BufferError:
                producer.poll(0.1)
            else:
                break
    if messages:
        producer.flush()
        consumer.commit(asynchronous=True)
