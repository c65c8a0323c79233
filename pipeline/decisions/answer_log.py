"""What a decision needs of the answer log: finished calls are found again, never paid again."""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from schemas.answers import LoggedAnswer, place_of
from schemas.roles import Role

ResultT = TypeVar("ResultT")


class AnswerLog(Protocol):
    """Finished calls: what was found or appended is durable once `settled` returns."""

    def find(self, key: str) -> LoggedAnswer | None:
        """The answer with this `answer_key`, if it was logged."""
        ...

    def models(self, window_id: str, role: Role) -> tuple[str, ...]:
        """The arms whose answers to (window, role) were logged, oldest first."""
        ...

    def judges(self, window_id: str, role: Role, input_digest: str) -> tuple[str, ...]:
        """The judges whose judgments of this very answer were logged, oldest first."""
        ...

    async def join(self, key: str, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """What comes of the call with this key: of the one under way, else of the one `make` makes.

        Nothing is written. Raises what the call raises.
        """
        ...

    async def append(self, answer: LoggedAnswer) -> None:
        """Begin to write the answer; from now on it is found."""
        ...

    async def settled(self) -> None:
        """Returns when all that was found or appended here is durable.

        Nothing that rests on an answer may be sent before. Raises what keeps it from being so.
        """
        ...


class MemoryAnswerLog:
    """An answer log that lasts as long as the process; for evaluation and unit tests."""

    def __init__(self) -> None:
        self._answers: dict[str, LoggedAnswer] = {}

    def find(self, key: str) -> LoggedAnswer | None:
        """The answer with this key, if any."""
        return self._answers.get(key)

    def models(self, window_id: str, role: Role) -> tuple[str, ...]:
        """The arms logged for (window, role)."""
        places = [place_of(key) for key in self._answers]
        return tuple(
            dict.fromkeys(
                p.model
                for p in places
                if (p.window_id, p.role) == (window_id, role.value) and not p.is_judgment
            )
        )

    def judges(self, window_id: str, role: Role, input_digest: str) -> tuple[str, ...]:
        """The judges logged for an answer."""
        places = [place_of(key) for key in self._answers]
        wanted = (window_id, role.value, input_digest)
        return tuple(
            p.model
            for p in places
            if p.is_judgment and (p.window_id, p.role, p.input_digest) == wanted
        )

    async def join(self, key: str, make: Callable[[], Coroutine[Any, Any, ResultT]]) -> ResultT:
        """Make the call."""
        return await make()

    async def append(self, answer: LoggedAnswer) -> None:
        """Keep the answer."""
        self._answers[answer.key] = answer

    async def settled(self) -> None:
        """Nothing is to be waited for."""
