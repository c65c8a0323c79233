"""The agent of a role that models serve: task in, task for the next role out, rewards beside it."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from agents.answers import KafkaAnswers, TaskAnswers
from agents.delivery import BadMessageError, Incoming
from agents.head_start import Begun, HeadStart, Sent
from agents.outbox import Outgoing, outgoing
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from pipeline.decisions import ledger
from pipeline.decisions.serve import FailedDecisionError, ModelsAwayError, RoleServer, Served
from pipeline.metrics import DEAREST_COST, RUN_COST, RUN_LATENCY, RUNS, VERDICTS
from pipeline.olp.role import RoleLogic
from schemas.catalogue import ROLE_REWARDS, role_kafka_topic
from schemas.codec import decode, encode
from schemas.partitions import policy_partition
from schemas.rewards import RewardEvent, assignment_key
from schemas.role_task import RoleTask
from schemas.roles import Role

NEXT_ROLE = {
    Role.TOPIC_FINDER: Role.TOPIC_LOCATOR,
    Role.TOPIC_LOCATOR: Role.RELATIONSHIP_CHECKER,
    Role.RELATIONSHIP_CHECKER: Role.CONTENT_ORGANIZER,
    Role.CONTENT_ORGANIZER: Role.FORMAT_CHECKER,
}
"""The order of the roles."""


@dataclass(frozen=True)
class Job:
    """A task as a role handles it: `logic` may depend on the stream, `done` persists its state.

    Jobs of one task are the same if what they rest on, their `basis`, is equal.
    """

    task: RoleTask
    logic: RoleLogic
    done: Callable[[Served], Awaitable[None]] | None = None
    basis: object = None


@dataclass(frozen=True)
class Ahead:
    """What came of a job that was served ahead of its task, and the log of its answers."""

    basis: object
    served: Served
    answers: TaskAnswers


Prepare = Callable[[RoleTask, int], Awaitable[Job | None]]
"""From a task and its partition to a job; None when the task was done before."""

ServedListener = Callable[[RoleTask, Served, bytes, Sequence[bytes]], None]
"""Hears of a served task, with the next role's task and the reward events as they were sent."""


class ModelRole:
    """Serves one role on its Kafka topic; `sent` hears of each task for the next role first."""

    def __init__(
        self,
        role: Role,
        role_app: RoleApp,
        server: RoleServer,
        role_assignments: RoleAssignments,
        domains: frozenset[str],
        prepare: Prepare,
        served: ServedListener,
        answers: KafkaAnswers,
        sent: Sent = lambda task, partition, value: None,
    ) -> None:
        self._role = role
        self._role_app = role_app
        self._server = server
        self._role_assignments = role_assignments
        self._domains = domains
        self._prepare = prepare
        self._served = served
        self._answers = answers
        self._sent = sent
        self.head_start = HeadStart(self._may_begin, self._begin)
        role_app.agent([role_kafka_topic(role)], self._handle)
        role_app.follow_partitions(self.head_start.forget, self.head_start.keep)
        role_app.follow_partitions(self._answers.forget, self._answers.keep)

    async def _handle(self, incoming: Incoming) -> None:
        partition = incoming.partition
        begun = self.head_start.take(partition, incoming.value)
        task = decode(RoleTask, incoming.value) if begun is None else begun.task
        window = task.window
        if window.domain not in self._domains:
            raise BadMessageError(
                "unknown_domain",
                f"no domain {window.domain!r} is declared here; add its file to domains.files",
            )
        job = await self._prepare(task, partition)
        if job is None:
            return
        try:
            served, answers = await self._serve(job, partition, begun)
        except FailedDecisionError as failure:
            await self._role_app.outbox.send(reward_messages(failure.events, self._role_app))
            self._count(failure.events)
            away = isinstance(failure.cause, ModelsAwayError)
            kind = "models_away" if away else "no_acceptable_answer"
            raise BadMessageError(kind, str(failure.cause)) from None
        following = NEXT_ROLE[self._role]
        next_task = served.task.model_copy(update={"role": following})
        sent = encode(next_task)
        self._sent(next_task, partition, sent)
        await answers.settled()
        rewards = reward_messages(served.events, self._role_app)
        await self._role_app.outbox.send(
            [Outgoing(role_kafka_topic(following), partition, window.stream_id, sent), *rewards]
        )
        if job.done is not None:
            await job.done(served)
        self.head_start.handled(task, partition)
        self._count(served.events)
        self._served(job.task, served, sent, [message.value or b"" for message in rewards])

    async def _serve(
        self, job: Job, partition: int, begun: Begun[Ahead | None] | None
    ) -> tuple[Served, TaskAnswers]:
        if begun is not None:
            ahead = await begun.made
            if ahead is not None and ahead.basis == job.basis:
                return ahead.served, ahead.answers
        answers = await self._answers.log_for(partition)
        role_assignment = self._role_assignments.get(job.task.window.domain, self._role)
        try:
            served = await self._server.serve(job.logic, job.task, role_assignment, answers)
        except FailedDecisionError:
            await answers.settled()
            raise
        return served, answers

    def _may_begin(self, partition: int) -> bool:
        return self._role_app.is_idle(role_kafka_topic(self._role), partition)

    async def _begin(self, task: RoleTask, partition: int) -> Ahead | None:
        job = await self._prepare(task, partition)
        return None if job is None else Ahead(job.basis, *await self._serve(job, partition, None))

    def _count(self, events: tuple[RewardEvent, ...]) -> None:
        for event in events:
            role = event.role.value
            RUNS.labels(event.domain, role, event.model, event.outcome.value).inc()
            RUN_LATENCY.labels(role, event.model).observe(event.latency_s)
            for entry in ledger.entries(event):
                RUN_COST.labels(entry.domain, role, entry.model, entry.purpose.value).inc(entry.usd)
            DEAREST_COST.labels(event.domain, role).inc(self._server.dearest_usd(event))
            for verdict in event.verdicts:
                said = {True: "right", False: "wrong", None: "none"}[verdict.right]
                VERDICTS.labels(event.domain, role, verdict.judge, said).inc()


def reward_messages(events: tuple[RewardEvent, ...], role_app: RoleApp) -> list[Outgoing]:
    """Reward events on their way to the policy agent."""
    messages = []
    for event in events:
        key = assignment_key(event.domain, event.role)
        partition = policy_partition(event.domain, role_app.kafka.partitions)
        messages.append(outgoing(ROLE_REWARDS, partition, key, event))
    return messages
