"""Prints every record once with Faust."""

import os

import faust

from schemas import RevisionMemory

app = faust.App("example-faust", broker=f"kafka://{os.environ['KAFKA']}", value_serializer="raw")
records = app.topic(os.environ["RECORDS"])
memory = RevisionMemory()


@app.agent(records)
async def show(stream):
    """Faust hands over bytes; the memory decodes them."""
    async for value in stream:
        record = memory.news(value)
        if record is not None:
            text = " ".join(sentence.text for sentence in record.sentences)
            print(record.op, record.subject.name, record.category, text, sep=" | ", flush=True)
