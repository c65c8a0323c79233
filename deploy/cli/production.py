"""What `produce` does with each message of an input: send it, or find it already there."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from deploy.cli.sender import Pace, Sender
from deploy.cli.stream_tail import NOTHING, StreamTails, Tail
from deploy.ingest.lines import Fault
from deploy.ingest.reader import Entry
from pipeline.errors import InvalidInputError
from schemas import RawText


@dataclass
class Tally:
    """Counts of one run; `streams` maps each stream to where it stands after it."""

    already_there: int = 0
    bad_lines: int = 0
    empty_cues: int = 0
    ends_sent: int = 0
    streams: dict[str, Tail] = field(default_factory=dict)


class Production:
    """Sends the messages of one input, in order.

    `tails` tells what the Kafka topic holds of a stream (None: everything is sent). With `append`,
    seqs continue after what is there; else what is there is skipped, after a look that it is the
    same text. `end` marks the end of every stream once the input is exhausted.
    """

    def __init__(
        self,
        sender: Sender,
        pace: Pace,
        tails: StreamTails | None,
        *,
        name: str,
        append: bool,
        end: bool,
        skip_bad: bool,
        warn: Callable[[str], None],
    ) -> None:
        self.tally = Tally()
        self._sender = sender
        self._pace = pace
        self._tails = tails
        self._name = name
        self._append = append
        self._end = end
        self._skip_bad = skip_bad
        self._warn = warn
        self._found: dict[str, Tail] = {}
        self._last_read: dict[str, int] = {}

    def run(self, items: Iterable[Entry | Fault]) -> Iterator[None]:
        """Work through `items`, yielding after each.

        Raises InvalidInputError for a bad line, unless bad lines are skipped, and for an input
        that is not what was sent as this stream before; RetryableError when Kafka does not take
        a message.
        """
        for item in items:
            if isinstance(item, Fault):
                self._note(item)
            else:
                self._handle(item)
            yield
        self._finish_streams()

    def _note(self, fault: Fault) -> None:
        if fault.harmless:
            self.tally.empty_cues += 1
            return
        self.tally.bad_lines += 1
        place = f"{self._name}:{fault.line}: {fault.problem}"
        if not self._skip_bad:
            raise InvalidInputError(f"{place} (or leave such lines out with --skip-bad)")
        self._warn(f"{place}; skipped")

    def _handle(self, entry: Entry) -> None:
        message = entry.message
        found = self._look_up(message.stream_id)
        if self._append:
            base = max(found.seq, found.end_seq or 0)
            message = message.model_copy(update={"seq": base + message.seq})
        elif self._is_there(message, found, entry.line):
            self._last_read[message.stream_id] = message.seq
            self.tally.already_there += 1
            return
        self._last_read[message.stream_id] = message.seq
        self._send(message)

    def _look_up(self, stream_id: str) -> Tail:
        if stream_id not in self._found:
            found = self._tails.find(stream_id) if self._tails is not None else None
            if self._tails is not None and found is None and not self._tails.searched_all:
                self._warn(
                    f"{stream_id} is not among the latest messages of the Kafka topic "
                    "(see produce --help): it is sent from its beginning"
                )
            self._found[stream_id] = self.tally.streams[stream_id] = found or NOTHING
        return self._found[stream_id]

    def _is_there(self, message: RawText, found: Tail, line: int) -> bool:
        if not message.text.strip():
            return found.end_seq is not None and message.seq <= found.end_seq
        if message.seq == found.seq and message.text != found.text:
            raise InvalidInputError(
                f"{self._name}:{line}: the stream {message.stream_id} already has another text as "
                f"seq {message.seq}, so it was not this input that was sent before: choose "
                "another --stream, or --append to send this one behind it"
            )
        return message.seq <= found.seq

    def _send(self, message: RawText) -> None:
        self._pace.keep()
        self._sender.send(message)
        stream = message.stream_id
        self.tally.streams[stream] = self.tally.streams[stream].after(message)

    def _finish_streams(self) -> None:
        for stream, last_read in self._last_read.items():
            found = self._found[stream]
            if not self._append and last_read < found.seq:
                raise InvalidInputError(
                    f"{self._name} ends at seq {last_read} of the stream {stream}, which already "
                    f"has {found.seq}: it is not the input that was sent before; choose another "
                    "--stream, or --append to send this one behind it"
                )
            tail = self.tally.streams[stream]
            if self._end and tail.end_seq is None:
                self._sender.send(RawText(stream_id=stream, seq=tail.seq + 1, text="", end=True))
                self.tally.streams[stream] = Tail(tail.seq, tail.text, tail.seq + 1)
                self.tally.ends_sent += 1
