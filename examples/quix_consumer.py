"""Prints every record once with Quix Streams, which keeps the revisions in its own state."""

import sys

from quixstreams import Application

servers, kafka_topic = sys.argv[1:3]
app = Application(servers, consumer_group="example-quix", auto_offset_reset="earliest")


def is_news(record: dict, state) -> bool:
    """Whether the revision is higher than the last one of this record."""
    if record["revision"] <= state.get(record["record_id"], 0):
        return False
    state.set(record["record_id"], record["revision"])
    return True


def show(record: dict) -> None:
    """One line a record."""
    text = " ".join(sentence["text"] for sentence in record["sentences"])
    line = (record["op"], record["subject"]["name"], record["category"], text)
    print(*line, sep=" | ", flush=True)


records = app.dataframe(app.topic(kafka_topic, value_deserializer="json"))
records.filter(is_news, stateful=True).update(show)
app.run()
