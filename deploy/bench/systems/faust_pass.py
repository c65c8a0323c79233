"""A plain Faust agent that sends every message on."""

import sys

import faust

servers, group, source, target = sys.argv[1:5]
app = faust.App(
    group,
    broker=f"kafka://{servers}",
    store="memory://",
    web_enabled=False,
    topic_disable_leader=True,
    topic_allow_declare=False,
    producer_acks=-1,
)
coming = app.topic(source, key_serializer="raw", value_serializer="raw")
going = app.topic(target, key_serializer="raw", value_serializer="raw")


@app.agent(coming)
async def pass_on(messages):
    """One message out for each that comes in."""
    async for key, value in messages.items():
        await going.send(key=key, value=value)


if __name__ == "__main__":
    sys.argv[1:] = sys.argv[5:]
    faust.Worker(app, loglevel="ERROR").execute_from_commandline()
