"""Quix Streams calling a model for each message, as its documentation does: in `apply`."""

import sys

import httpx
from quixstreams import Application

servers, group, source, target, model_url = sys.argv[1:6]
models = httpx.Client(timeout=60)
app = Application(servers, consumer_group=group, auto_offset_reset="earliest", loglevel="ERROR")


def call(messages):
    """One model call a message."""
    request = {"model": "bench", "messages": messages}
    reply = models.post(f"{model_url}/chat/completions", json=request).raise_for_status().json()
    return {"answer": reply["choices"][0]["message"]["content"]}


asked = app.dataframe(app.topic(source, value_deserializer="json"))
asked.apply(call).to_topic(app.topic(target, value_serializer="json"))

if __name__ == "__main__":
    app.run()
