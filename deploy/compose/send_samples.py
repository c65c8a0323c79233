"""Sends the shipped sample text, so that `docker compose up` ends with records to look at.

`rolestream produce` does the sending: run again, it finds that Kafka has the streams already.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from deploy.samples import SampleStream, load_streams
from schemas.codec import encode
from schemas.messages import RawText

RATE = "30"
"""Sentences a second: slow enough to watch, and for the embedded models to keep up with."""


def sentences(streams: Iterable[SampleStream]) -> list[RawText]:
    """The messages of `streams`, one stream after the other; the last of each one ends it."""
    return [
        RawText(
            stream_id=stream.stream_id,
            seq=sentence.seq,
            text=sentence.text,
            lang=stream.lang,
            end=sentence is stream.sentences[-1],
        )
        for stream in streams
        for sentence in stream.sentences
    ]


def main() -> int:
    """Send every domain's streams; returns the first exit status of `produce` that is not 0."""
    streams = sorted(load_streams(), key=lambda stream: stream.domain)
    with tempfile.TemporaryDirectory() as folder:
        for domain, group in groupby(streams, key=lambda stream: stream.domain):
            path = Path(folder) / f"{domain}.jsonl"
            path.write_bytes(b"\n".join(encode(raw) for raw in sentences(group)))
            command = [sys.executable, "-m", "deploy.cli", "produce", str(path)]
            command += ["--domain", domain, "--format", "raw-jsonl", "--rate", RATE]
            status = subprocess.run(command, check=False).returncode  # noqa: S603 - our own command
            if status:
                return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
