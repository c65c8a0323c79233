"""The relationship checker's state: the subjects of each stream, so that identities stay."""

from collections import OrderedDict
from datetime import timedelta

from agents.changelog import ChangelogStore
from agents.expiry import let_expire
from agents.model_role import Job
from agents.role_app import RoleApp
from pipeline.config import WorkerSettings
from pipeline.decisions.serve import Served
from pipeline.olp.relationship_checker import RelationshipChecker
from pipeline.olp.subjects import Registry
from schemas.catalogue import SUBJECTS_STATE
from schemas.codec import decode, encode
from schemas.role_task import RoleTask

_MOST_READ = 128
"""Streams whose registry is kept as it was read or written last."""


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
            role_app.kafka, SUBJECTS_STATE, role_app.outbox, role_app.clock
        )
        self._read: OrderedDict[tuple[int, str], tuple[bytes, Registry]] = OrderedDict()
        let_expire(role_app, self._store, keep_s)
        role_app.follow_partitions(self._store.forget)

    async def prepare(self, task: RoleTask, partition: int) -> Job | None:
        """The job with the stream's registry; None if the window was applied before."""
        await self._store.ready(partition)
        window = task.window
        key = f"{window.domain}|{window.stream_id}"
        registry = self._registry(partition, key)
        if window.window_id in registry.applied:
            return None
        registry = registry.spoken_of_since(self._clock.now() - self._keep)
        logic = RelationshipChecker(registry, self._settings.known_subjects_in_prompt)

        async def done(served: Served) -> None:
            after = registry.after(
                window.window_id,
                served.task.resolved,
                self._settings.max_known_subjects,
                self._clock.now(),
            )
            value = encode(after)
            await self._store.put(partition, {key: value})
            self._remember(partition, key, value, after)

        return Job(task, logic, done)

    def _registry(self, partition: int, key: str) -> Registry:
        kept = self._store.get(partition, key)
        if kept is None:
            return Registry()
        value, registry = self._read.get((partition, key), (None, None))
        if value is not kept or registry is None:
            registry = decode(Registry, kept)
            self._remember(partition, key, kept, registry)
        return registry

    def _remember(self, partition: int, key: str, value: bytes, registry: Registry) -> None:
        self._read[partition, key] = value, registry
        self._read.move_to_end((partition, key))
        if len(self._read) > _MOST_READ:
            self._read.popitem(last=False)
