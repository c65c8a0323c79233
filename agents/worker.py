"""A worker process: the chosen roles, each as its own Faust app, until it is told to stop."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from agents import faust_corrections
from agents.allowances import Allowances
from agents.allowances_coordinator import AllowancesCoordinator
from agents.answers import KafkaAnswers
from agents.chunk_splitter import ChunkSplitter
from agents.failed_windows import failed_window
from agents.feedback import FeedbackListener
from agents.format_checker import FormatChecker
from agents.garbage import collect_by_time, collect_seldom
from agents.head_start import HeadStart
from agents.hot_pool import HotPool
from agents.model_role import Ahead, ModelRole
from agents.needs import POLICY, Needs, needs_of_roles
from agents.policy import PolicyAgent
from agents.policy_controls import PolicyControls
from agents.recent_decisions import RecentDecisions
from agents.relationship_checker import SubjectRegistries
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from agents.stall_book import StallBook
from agents.stateless_roles import LOGIC, stateless
from agents.watchdog import StandstillError, Watchdog
from agents.web.process import process_server
from agents.web.server import WebServer
from pipeline.allowances.resources import Resources
from pipeline.clock import Clock
from pipeline.config import Config, ModelSettings
from pipeline.decisions.judge import JudgePanel
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.run import Runner
from pipeline.decisions.within_budget import BudgetedServer
from pipeline.domains import Domain, load_domains, select_domains
from pipeline.errors import ConfigurationError, RetryableError
from pipeline.models.client import ModelClient
from pipeline.models.declared import DeclaredModels
from pipeline.models.endpoint import Completes
from pipeline.models.pool import ModelPool
from pipeline.olp.splitter import MAX_WINDOW_TOKENS
from pipeline.rolerl.reward import reward_preset
from schemas.role_task import RoleTask
from schemas.roles import MODEL_ROLES, Role

log = logging.getLogger("rolestream.worker")

_BUFFERED_SENTENCES = 4096
_BUFFERED_MESSAGES = 512
ALLOWANCES = "allowances"
ALL_ROLES = (*(role.slug for role in Role), POLICY)


class Listener(Protocol):
    """Follows a Kafka topic beside the apps."""

    async def start(self) -> None:
        """Start; what must be known first is known afterwards."""
        ...

    async def stop(self) -> None:
        """Stop."""
        ...


@dataclass(frozen=True)
class Parts:
    """What runs in a worker process: `listeners` start before the apps and stop after them."""

    apps: tuple[RoleApp, ...]
    listeners: tuple[Listener, ...]
    pool: ModelPool
    watchdog: Watchdog
    web: WebServer | None = None
    allowances: Allowances | None = None


def chosen_roles(names: str | None) -> tuple[str, ...]:
    """The roles that `--roles` names, all without it. Raises ConfigurationError for another."""
    if names is None:
        return ALL_ROLES
    chosen = tuple(name.strip().replace("_", "-") for name in names.split(",") if name.strip())
    for name in chosen:
        if name not in ALL_ROLES:
            raise ConfigurationError(
                f"--roles: there is no role {name!r}; choose from {', '.join(ALL_ROLES)}"
            )
    if not chosen:
        raise ConfigurationError(f"--roles names none; choose from {', '.join(ALL_ROLES)}")
    return chosen


def build(config: Config, roles: Iterable[str], clock: Clock) -> Parts:
    """Put the apps of the chosen roles together; nothing runs yet.

    Raises ConfigurationError for an unknown domain, a missing model or key, an unknown policy.
    """
    faust_corrections.apply()
    domains = select_domains(load_domains(config.domains.files), config.domains.enabled)
    allowances = Allowances.of(config, clock)

    def connect(arm: ModelSettings) -> Completes:
        return allowances.metered(ModelClient(arm, clock), arm)

    pool = ModelPool.from_settings(config.models, clock, connect)
    declared = DeclaredModels(config.models)
    hot_pool = HotPool(config.kafka, declared, pool, connect)
    role_assignments = RoleAssignments(config.kafka)
    listeners: list[Listener] = [allowances, hot_pool, role_assignments]
    server = BudgetedServer(
        pool,
        Runner(pool, clock),
        domains,
        reward_preset("paper", value_usd=1.0),
        config.worker.max_fallbacks,
        JudgePanel(pool, clock, config.judging) if config.judging.models else None,
        config.worker.window_deadline_s,
    ).within(allowances.resources, allowances.till)
    wanted = set(roles)
    apps: list[RoleApp] = []
    recent = RecentDecisions()
    feedback: FeedbackListener | None = None

    head_starts: dict[Role, HeadStart[Ahead | None]] = {}

    def sent(task: RoleTask, partition: int, value: bytes) -> None:
        if (head_start := head_starts.get(task.role)) is not None:
            head_start.sent(task, partition, value)

    def role_app(name: str) -> RoleApp:
        # Sentences are small and many; tasks carry whole windows.
        buffer = _BUFFERED_SENTENCES if name == Role.CHUNK_SPLITTER.slug else _BUFFERED_MESSAGES
        app = RoleApp(name, config.kafka, clock, config.worker, buffer)
        apps.append(app)
        return app

    if Role.CHUNK_SPLITTER.slug in wanted:
        share = config.splitter.prompt_share_of_context
        app = role_app(Role.CHUNK_SPLITTER.slug)
        app.patience_s = config.splitter.max_age_s
        ChunkSplitter(
            app,
            domains,
            config.splitter,
            lambda: min(int(pool.smallest_context_tokens * share), MAX_WINDOW_TOKENS),
            config.state.positions_s,
            sent,
        )
    for role in MODEL_ROLES:
        if role.slug not in wanted:
            continue
        app = role_app(role.slug)
        app.patience_s = config.worker.window_deadline_s
        app.waits_for = partial(server.held_back, role.value, tuple(domains))
        app.delivery.account_for = failed_window(clock)
        prepare = (
            stateless(role)
            if role in LOGIC
            else SubjectRegistries(app, config.worker, config.state.subjects_s).prepare
        )
        answers = KafkaAnswers(app, role, config.state.answers_s)
        known = frozenset(domains)
        model_role = ModelRole(
            role, app, server, role_assignments, known, prepare, recent.keep, answers, sent
        )
        if config.worker.head_start:
            head_starts[role] = model_role.head_start
        feedback = feedback or FeedbackListener(app, recent)
    if Role.FORMAT_CHECKER.slug in wanted:
        app = role_app(Role.FORMAT_CHECKER.slug)
        app.delivery.account_for = failed_window(clock)
        FormatChecker(app, domains, config.worker, config.state.records_s)
    if POLICY in wanted:
        maker = PolicyMaker(config, declared)
        maker.make()
        controls = PolicyControls(config.kafka)
        listeners.append(controls)
        interval_s = config.policy.publish_interval_s
        PolicyAgent(role_app(POLICY), domains, interval_s, maker, role_assignments, controls)
    if feedback is not None:
        listeners.append(feedback)
    if allowances.resources:
        app = role_app(ALLOWANCES)
        coordinator = AllowancesCoordinator(app, allowances.resources, allowances.settings)
        allowances.also_heard = coordinator.heard
    watchdog = Watchdog(apps, StallBook(config.kafka), config.worker.stalled_after_s)
    probe, web = process_server(
        config, domains, apps, pool, declared, clock, POLICY in wanted, watchdog
    )
    listeners[:0] = [watchdog, probe]
    if web is not None:
        # First to start, so that what is not ready yet can be seen.
        listeners.insert(0, web)
    return Parts(tuple(apps), tuple(listeners), pool, watchdog, web, allowances)


async def run(parts: Parts, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Run until `stop` is set, or raise RetryableError for what a new start may mend.

    That is an app that crashed, a budget whose limit stops workers, or, as StandstillError, a
    worker that does not get on. Calls `ready` once all apps have started.
    """
    collecting = asyncio.create_task(collect_by_time())
    try:
        for listener in parts.listeners:
            await listener.start()
        await asyncio.gather(*(app.start() for app in parts.apps))
        collect_seldom()
        ready()
        stopping = asyncio.create_task(stop.wait())
        spent = asyncio.create_task(_budget_stops(parts.allowances))
        stands = asyncio.create_task(parts.watchdog.standstill())
        ended = [asyncio.create_task(app.app.wait_until_stopped()) for app in parts.apps]
        await asyncio.wait([stopping, spent, stands, *ended], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, spent, stands, *ended):
            task.cancel()
        if spent.done() and not spent.cancelled():
            raise RetryableError(spent.result())
        if stands.done() and not stands.cancelled():
            raise StandstillError(stands.result())
        for app in parts.apps:
            if app.app.crash_reason is not None:
                raise RetryableError(f"{app.name} stopped: {app.app.crash_reason!r}")
    finally:
        collecting.cancel()
        await asyncio.gather(*(app.stop() for app in parts.apps), return_exceptions=True)
        for listener in reversed(parts.listeners):
            await listener.stop()
        await parts.pool.close()


async def _budget_stops(allowances: Allowances | None) -> str:
    """Returns the line to end with, once a budget whose limit is to stop workers is spent."""
    if allowances is None:
        return await asyncio.Future[str]()
    await allowances.stopping.wait()
    return allowances.till.stop_line() or "a budget is spent"


def needs_of(config: Config, roles: Iterable[str]) -> Needs:
    """What a worker with these roles needs on the cluster."""
    resources = Resources(config.limits, config.budget, config.allowances.window_s)
    page = config.web.enabled and config.web.page
    return needs_of_roles(roles, domains_of(config), limited=bool(resources), page=page)


def domains_of(config: Config) -> dict[str, Domain]:
    """The domains a deployment runs. Raises ConfigurationError as `load_domains` does."""
    return select_domains(load_domains(config.domains.files), config.domains.enabled)
