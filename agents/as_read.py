"""State as it was read or written last: a window does not parse again what the one before wrote."""

from collections import OrderedDict
from typing import Generic, TypeVar

from agents.changelog import ChangelogStore
from schemas.base import Message
from schemas.codec import decode

MessageT = TypeVar("MessageT", bound=Message)


class AsRead(Generic[MessageT]):
    """The messages behind the values of a store; the latest `most` are kept in memory.

    A kept one counts only as long as the store has the very value that it was read from.
    """

    def __init__(self, store: ChangelogStore, kind: type[MessageT], most: int) -> None:
        self._store = store
        self._kind = kind
        self._most = most
        self._kept: OrderedDict[tuple[int, str], tuple[bytes, MessageT]] = OrderedDict()

    def get(self, partition: int, key: str) -> MessageT | None:
        """What the store has for `key`; the partition must be ready. Raises DecodeError."""
        value = self._store.get(partition, key)
        if value is None:
            return None
        kept = self._kept.get((partition, key))
        if kept is not None and kept[0] is value:
            self._kept.move_to_end((partition, key))
            return kept[1]
        message = decode(self._kind, value)
        self.keep(partition, key, value, message)
        return message

    def keep(self, partition: int, key: str, value: bytes, message: MessageT) -> None:
        """`value`, which the store has or is about to have, is `message`."""
        self._kept[partition, key] = value, message
        self._kept.move_to_end((partition, key))
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
