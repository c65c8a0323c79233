"""The answer log in Kafka: what a role's model calls answered, by window."""

from agents.changelog import ChangelogStore
from agents.outbox import Outbox
from pipeline.config import KafkaSettings
from schemas.answers import LoggedAnswer, place_of
from schemas.catalogue import ANSWERS
from schemas.codec import decode, encode
from schemas.roles import Role


class KafkaAnswers:
    """The answers of one role, on the partitions this process works on."""

    def __init__(self, kafka: KafkaSettings, outbox: Outbox, role: Role) -> None:
        self._role = role
        self._store = ChangelogStore(
            kafka, ANSWERS, outbox, wanted=lambda key: key.split("|", 2)[1:2] == [role.value]
        )

    async def log_for(self, partition: int) -> "PartitionAnswers":
        """The log of a partition, read from Kafka at first use."""
        await self._store.ready(partition)
        return PartitionAnswers(self._store, partition)

    def forget(self, partitions: set[int]) -> None:
        """The partitions are taken away."""
        self._store.forget(partitions)


class PartitionAnswers:
    """An AnswerLog on one partition."""

    def __init__(self, store: ChangelogStore, partition: int) -> None:
        self._store = store
        self._partition = partition

    def find(self, key: str) -> LoggedAnswer | None:
        """The answer with this key, if it was logged."""
        value = self._store.get(self._partition, key)
        return None if value is None else decode(LoggedAnswer, value)

    def models(self, window_id: str, role: Role) -> tuple[str, ...]:
        """The arms logged for (window, role)."""
        places = [place_of(key) for key in self._keys(window_id, role)]
        return tuple(dict.fromkeys(p.model for p in places if not p.is_judgment))

    def judges(self, window_id: str, role: Role, input_digest: str) -> tuple[str, ...]:
        """The judges whose judgments of this answer are logged, oldest first."""
        places = [place_of(key) for key in self._keys(window_id, role)]
        return tuple(p.model for p in places if p.is_judgment and p.input_digest == input_digest)

    async def append(self, answer: LoggedAnswer) -> None:
        """Write the answer; returns when the broker has it."""
        await self._store.put(self._partition, {answer.key: encode(answer)})

    def release(self, window_id: str, role: Role) -> None:
        """The window is done: its answers need no memory any more."""
        self._store.drop(self._partition, self._keys(window_id, role))

    def _keys(self, window_id: str, role: Role) -> list[str]:
        prefix = f"{window_id}|{role.value}|"
        return [key for key in self._store.keys(self._partition) if key.startswith(prefix)]
