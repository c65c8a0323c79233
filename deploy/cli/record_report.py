"""What `consume` prints: the chosen records on standard output, the rest on standard error."""

import sys

from rich.console import Console
from rich.text import Text

from deploy.cli.record_reader import Unreadable
from deploy.cli.record_state import FinalState
from deploy.cli.record_text import listing, revision
from deploy.cli.visible_text import visible_json, visible_line
from schemas import CategorizedRecord, encode
from schemas.revisions import Change, RevisionMemory


class RecordReport:
    """Chooses records by category and stream, prints them as text or JSON lines, and counts.

    `errors` takes warnings and the summary.
    """

    def __init__(
        self, category: str | None, stream_id: str | None, *, as_json: bool, errors: Console
    ) -> None:
        self._category = category
        self._stream_id = stream_id
        self._as_json = as_json
        self._errors = errors
        self._console = Console(highlight=False, soft_wrap=True)
        self._state = FinalState()
        self._memory = RevisionMemory()
        self._categories: set[str] = set()
        self._down = False
        self._printed = 0
        self._deleted = 0
        self._unreadable = 0

    def keep(self, item: CategorizedRecord | Unreadable) -> None:
        """Take in what was read, for `print_final`."""
        if isinstance(item, Unreadable):
            self._warn_unreadable(item)
        elif self._wanted(item):
            self._state.apply(item)

    def print_final(self) -> None:
        """Print every record that exists after all that was read."""
        records = self._state.records()
        self._printed = len(records)
        self._deleted = self._state.deleted
        if self._as_json:
            for record in records:
                self._print_json(record)
        else:
            for line in listing(records):
                self._console.print(line)
        sys.stdout.flush()

    def print_revision(self, item: CategorizedRecord | Unreadable) -> None:
        """Print what was read at once, if it is news."""
        self.brokers_down(False)
        if isinstance(item, Unreadable):
            self._warn_unreadable(item)
            return
        change = self._memory.change(item) if self._wanted(item) else None
        if change is None:
            return
        if change is Change.DELETED:
            self._deleted += 1
        else:
            self._printed += 1
        if self._as_json:
            self._print_json(item)
        else:
            for line in revision(item, change):
                self._console.print(line)
        sys.stdout.flush()

    def brokers_down(self, down: bool) -> None:
        """Tell once that the brokers are gone, and once that they are back."""
        if down != self._down:
            self._down = down
            self._say("warning: no broker answers; waiting" if down else "the brokers are back")

    def summarize(self) -> None:
        """Print the counts."""
        parts = [f"{self._printed} records"]
        if self._deleted:
            parts.append(f"{self._deleted} deleted")
        if self._unreadable:
            parts.append(f"{self._unreadable} messages could not be read")
        self._say(", ".join(parts))
        if self._category is not None and self._category not in self._categories:
            seen = ", ".join(sorted(self._categories)) or "none"
            self._say(f"no record has the category {self._category}; there are: {seen}")

    def _wanted(self, record: CategorizedRecord) -> bool:
        self._categories.add(record.category)
        if self._category not in (None, record.category):
            return False
        return self._stream_id in (None, record.stream_id)

    def _warn_unreadable(self, item: Unreadable) -> None:
        self._unreadable += 1
        self._say(f"warning: {item.place} cannot be read, left out: {item.problem}")

    def _print_json(self, record: CategorizedRecord) -> None:
        sys.stdout.write(visible_json(encode(record).decode("utf-8")) + "\n")

    def _say(self, text: str) -> None:
        self._errors.print(Text(visible_line(text)))
