"""A plain Faust agent that calls a model for each message and sends the answer on."""

import json
import sys

import faust
from openai import AsyncOpenAI

servers, group, source, target, model_url, in_flight = sys.argv[1:7]
app = faust.App(
    group,
    broker=f"kafka://{servers}",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    producer_acks=-1,
)
asked = app.topic(source, key_serializer="raw", value_serializer="raw")
answered = app.topic(target, key_serializer="raw", value_serializer="raw")
models: list[AsyncOpenAI] = []


@app.agent(asked, concurrency=int(in_flight))
async def call(messages):
    """One model call a message."""
    if not models:
        models.append(AsyncOpenAI(base_url=model_url, api_key="none"))
    async for value in messages:
        reply = await models[0].chat.completions.create(model="bench", messages=json.loads(value))
        await answered.send(value=reply.choices[0].message.content.encode())


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[7:]
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()
