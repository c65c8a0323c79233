"""Prints every record once with Faust."""

import os
import sys

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
            line = (record.op, record.subject.name, record.category, text)
            # Faust sends what is written to sys.stdout to its log.
            print(*line, sep=" | ", flush=True, file=sys.__stdout__)
