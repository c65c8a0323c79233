"""What grows in the bench `growth`: which windows make a case as large as it is to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from deploy.bench.marked_text import marked
from schemas.codec import encode
from schemas.messages import RawText

NEW_SUBJECTS = 4
"""Subjects of a window; all new while subjects grow, else the same ones come again."""
_USUAL_SUBJECTS = 200
_SETTLED_PRIOR = 0.9
"""Success that is declared of every arm where the policy is to have nothing to find out."""
_WORDS = "the council said on Tuesday that work goes on as it was planned"


class Place(NamedTuple):
    """A window by its stream and its number in it, from 0."""

    stream: str
    window: int


@dataclass(frozen=True)
class Case:
    """`what` has grown to `size` while windows are measured.

    `windows`: the last half of streams of that length, as many as it takes. `subjects`: a stream's
    registry is full at that size, each window brings new ones and the oldest are forgotten. `arms`:
    the pool, of which nothing is known but prices, so that arms are still tried. `settled arms`:
    the same with declared results, so that none is.
    """

    what: str
    size: int

    @property
    def arms(self) -> int:
        """Arms in the pool."""
        return self.size if "arms" in self.what else 1

    @property
    def role_prior(self) -> float | None:
        """What is declared of every arm in every role."""
        return _SETTLED_PRIOR if self.what == "settled arms" else None

    @property
    def known_subjects(self) -> int:
        """How many subjects a stream's registry may hold."""
        return self.size if self.what == "subjects" else _USUAL_SUBJECTS

    def places(self, measured: int) -> tuple[list[Place], list[Place]]:
        """The windows that come before, and so many that are measured, in the order of play."""
        if self.what == "windows":
            last = min(max(self.size // 2, 1), measured)
            first, streams = self.size - last, -(-measured // last)
        else:
            first = -(-self.size // NEW_SUBJECTS) if self.what == "subjects" else 0
            last, streams = measured, 1
        order = [
            Place(f"stream-{stream}", window)
            for window in range(first + last)
            for stream in range(streams)
        ]
        return order[: first * streams], order[first * streams :][:measured]


def window_of(case: Case, place: Place, sentences: int) -> Iterator[bytes]:
    """The sentences of a window as they are sent."""
    for number in range(sentences):
        subject = number * NEW_SUBJECTS // sentences
        if case.what == "subjects":
            subject += place.window * NEW_SUBJECTS
        text = marked(f"Report {subject:04d}", ("fact",), f"of the Report {subject:04d} {_WORDS}.")
        seq = place.window * sentences + number + 1
        yield encode(RawText(stream_id=place.stream, seq=seq, text=text, lang="en"))
