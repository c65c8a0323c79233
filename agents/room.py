"""Room for messages in flight, bounded by their number and by their bytes."""

import asyncio


class Room:
    """Places for `most` messages that together have `most_bytes` of payload.

    A message that is larger than `most_bytes` by itself is let in when it is alone.
    """

    def __init__(self, most: int, most_bytes: int) -> None:
        self._most = most
        self._most_bytes = most_bytes
        self._left = asyncio.Event()
        self.taken = 0
        self.taken_bytes = 0

    def has(self, size: int) -> bool:
        """Whether a message of `size` bytes may be let in now."""
        if not self.taken:
            return True
        return self.taken < self._most and self.taken_bytes + size <= self._most_bytes

    @property
    def full(self) -> bool:
        """Whether not even an empty message may be let in."""
        return not self.has(0)

    async def enter(self, size: int) -> None:
        """Wait for a place and take it; for one caller at a time."""
        while not self.has(size):
            self._left.clear()
            await self._left.wait()
        self.taken += 1
        self.taken_bytes += size

    def leave(self, size: int) -> None:
        """Give a place back."""
        self.taken -= 1
        self.taken_bytes -= size
        self._left.set()
