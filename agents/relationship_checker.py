"""The relationship checker's state: the subjects of each stream, so that identities stay."""

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
        let_expire(role_app, self._store, keep_s)
        role_app.follow_partitions(self._store.forget)

    async def prepare(self, task: RoleTask, partition: int) -> Job | None:
        """The job with the stream's registry; None if the window was applied before."""
        await self._store.ready(partition)
        window = task.window
        key = f"{window.domain}|{window.stream_id}"
        kept = self._store.get(partition, key)
        registry = Registry() if kept is None else decode(Registry, kept)
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
            await self._store.put(partition, {key: encode(after)})

        return Job(task, logic, done)
