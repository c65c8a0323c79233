"""The relationship checker's state: the subjects of each stream, so that identities stay.

A window writes what it changes, one message, as a link of a chain that begins at a snapshot. When
the links are as large as the snapshot a new one is written instead: so a window writes the same
however many subjects its stream has.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.changelog import ChangelogStore
from agents.expiry import let_expire
from agents.model_role import Job
from agents.role_app import RoleApp
from pipeline.config import WorkerSettings
from pipeline.decisions.serve import Served
from pipeline.olp.registry import Registry, RegistryChange, RegistrySnapshot
from pipeline.olp.relationship_checker import RelationshipChecker
from schemas.catalogue import SUBJECTS_STATE
from schemas.codec import decode, encode
from schemas.role_task import RoleTask

_MOST_READ = 128
"""Streams whose registry is kept in memory as it was read or written last."""
_LEAST_CHAIN_BYTES = 16 * 1024


@dataclass
class _Chain:
    """A registry and where it stands in the changelog; `key` and `value` were written last."""

    registry: Registry
    key: str
    value: bytes | None
    links: int = 0
    links_bytes: int = 0
    snapshot_bytes: int = 0

    def is_long_with(self, link: bytes) -> bool:
        """Whether another link makes a snapshot due."""
        most = max(self.snapshot_bytes, _LEAST_CHAIN_BYTES)
        return self.links_bytes + len(link) > most


class SubjectRegistries:
    """The registries of the streams this process works on.

    A window is applied after its task for the next role is on the broker: a window that is
    already applied needs nothing more when it is read again. A subject that is not spoken of for
    `keep_s` is forgotten: should it come back, it is a new one.
    """

    def __init__(self, role_app: RoleApp, settings: WorkerSettings, keep_s: float) -> None:
        self._settings = settings
        self._clock = role_app.clock
        self._keep = timedelta(seconds=keep_s)
        self._store = ChangelogStore(
            role_app.kafka, SUBJECTS_STATE, role_app.outbox, role_app.clock, stream_key
        )
        self._read: OrderedDict[tuple[int, str], _Chain] = OrderedDict()
        let_expire(role_app, self._store, keep_s)
        role_app.follow_partitions(self._store.forget)

    async def prepare(self, task: RoleTask, partition: int) -> Job | None:
        """The job with the stream's registry; None if the window was applied before."""
        await self._store.ready(partition)
        window = task.window
        key = f"{window.domain}|{window.stream_id}"
        chain = self._chain(partition, key)
        if chain.registry.has(window.window_id):
            return None
        chain.registry.forget_before(self._clock.now() - self._keep)
        logic = RelationshipChecker(chain.registry, self._settings.known_subjects_in_prompt)

        async def done(served: Served) -> None:
            now = self._clock.now()
            change = chain.registry.change(window.window_id, served.task.resolved, now)
            await self._write(partition, key, chain, change)

        return Job(task, logic, done, basis=(chain.key, chain.value))

    async def _write(self, partition: int, key: str, chain: _Chain, change: RegistryChange) -> None:
        link = encode(change)
        if chain.is_long_with(link) or self._may_expire(chain.registry, change.at):
            registry = Registry.of(chain.registry.snapshot())
            registry.apply(change, self._settings.max_known_subjects)
            value = encode(registry.snapshot())
            await self._store.put(partition, {key: value})
            chain = _Chain(registry, key, value, snapshot_bytes=len(value))
        else:
            link_key = _link_key(chain.links + 1, key)
            await self._store.put(partition, {link_key: link})
            chain.registry.apply(change, self._settings.max_known_subjects)
            chain.key, chain.value = link_key, link
            chain.links += 1
            chain.links_bytes += len(link)
        self._remember(partition, key, chain)

    def _may_expire(self, registry: Registry, now: datetime) -> bool:
        # The chain may be about to get its tombstones: only a snapshot needs nothing before it.
        last = registry.last_spoken_of
        return last is None or now - last > self._keep / 2

    def _chain(self, partition: int, key: str) -> _Chain:
        chain = self._read.get((partition, key))
        if chain is None or self._store.get(partition, chain.key) is not chain.value:
            chain = self._from_changelog(partition, key)
            self._remember(partition, key, chain)
        return chain

    def _from_changelog(self, partition: int, key: str) -> _Chain:
        value = self._store.get(partition, key)
        if value is None:
            chain = _Chain(Registry(), key, None)
        else:
            chain = _Chain(Registry.of(decode(RegistrySnapshot, value)), key, value)
            chain.snapshot_bytes = len(value)
        while True:
            link_key = _link_key(chain.links + 1, key)
            link = self._store.get(partition, link_key)
            if link is None:
                return chain
            change = decode(RegistryChange, link)
            # What is left of a longer chain, before the snapshot, does not continue this one.
            if not chain.registry.continues(change):
                return chain
            chain.registry.apply(change, self._settings.max_known_subjects)
            chain.key, chain.value = link_key, link
            chain.links += 1
            chain.links_bytes += len(link)

    def _remember(self, partition: int, key: str, chain: _Chain) -> None:
        self._read[partition, key] = chain
        self._read.move_to_end((partition, key))
        if len(self._read) > _MOST_READ:
            self._read.popitem(last=False)


def _link_key(place: int, key: str) -> str:
    return f"{place}#{key}"


def stream_key(key: str) -> str:
    """The key of the stream that a key in the changelog belongs to; no domain has a `#`."""
    place, _, rest = key.partition("#")
    return rest if place.isdigit() else key
