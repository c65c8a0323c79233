"""Sends a short stream with plain confluent-kafka."""

import sys

from confluent_kafka import Producer

from schemas import RawText, encode

SENTENCES = [
    "The ferry to the outer island sails again from Monday.",
    "The port authority says repairs took nine weeks.",
    "Islanders call the new timetable a step back.",
    "Two more boats will probably follow in spring.",
]

servers, kafka_topic = sys.argv[1:3]
producer = Producer({"bootstrap.servers": servers, "enable.idempotence": True})
for seq, text in enumerate(SENTENCES, start=1):
    sentence = RawText(stream_id="port-desk", seq=seq, text=text, end=seq == len(SENTENCES))
    producer.produce(kafka_topic, encode(sentence), key=sentence.stream_id)
left = producer.flush(30)
sys.exit(f"{left} sentences were not delivered" if left else 0)
