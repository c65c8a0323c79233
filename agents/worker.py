"""A worker process: the chosen roles, each as its own Faust app, until it is told to stop."""

import asyncio
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agents import faust_corrections
from agents.chunk_splitter import ChunkSplitter
from agents.failed_windows import failed_window
from agents.feedback import FeedbackListener
from agents.format_checker import FormatChecker
from agents.model_role import ModelRole, RecentDecisions
from agents.policy import PolicyAgent
from agents.relationship_checker import SubjectRegistries
from agents.role_app import RoleApp
from agents.role_assignments import RoleAssignments
from agents.stateless_roles import LOGIC, stateless
from pipeline.clock import Clock
from pipeline.config import Config
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.domains import Domain, load_domains, select_domains
from pipeline.errors import ConfigurationError, RetryableError
from pipeline.models.pool import ModelPool
from pipeline.models.prices import cost_usd
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Policy
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.reward import reward_preset
from pipeline.rolerl.settings import PolicySettings as LearnerSettings
from schemas.roles import MODEL_ROLES, Role

log = logging.getLogger("rolestream.worker")

POLICY = "policy"
ALL_ROLES = (*(role.slug for role in Role), POLICY)
_TYPICAL_INPUT_TOKENS = 2000
_TYPICAL_OUTPUT_TOKENS = 600


@dataclass(frozen=True)
class Parts:
    """What runs in a worker process."""

    apps: tuple[RoleApp, ...]
    role_assignments: RoleAssignments
    feedback: FeedbackListener | None
    pool: ModelPool


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
    pool = ModelPool.from_settings(config.models, clock)
    role_assignments = RoleAssignments(config.kafka)
    server = RoleServer(
        pool,
        Runner(pool, clock),
        domains,
        reward_preset("paper", value_usd=1.0),
        config.worker.max_fallbacks,
    )
    wanted = set(roles)
    apps: list[RoleApp] = []
    recent = RecentDecisions()
    feedback: FeedbackListener | None = None

    def role_app(name: str) -> RoleApp:
        app = RoleApp(name, config.kafka, clock, config.worker.in_flight)
        apps.append(app)
        return app

    if Role.CHUNK_SPLITTER.slug in wanted:
        share = config.splitter.prompt_share_of_context
        budget = int(pool.smallest_context_tokens * share)
        ChunkSplitter(role_app(Role.CHUNK_SPLITTER.slug), domains, config.splitter, lambda: budget)
    for role in MODEL_ROLES:
        if role.slug not in wanted:
            continue
        app = role_app(role.slug)
        app.delivery.account_for = failed_window(clock)
        prepare = (
            stateless(role) if role in LOGIC else SubjectRegistries(app, config.worker).prepare
        )
        ModelRole(role, app, server, role_assignments, frozenset(domains), prepare, recent.keep)
        feedback = feedback or FeedbackListener(app, recent)
    if Role.FORMAT_CHECKER.slug in wanted:
        app = role_app(Role.FORMAT_CHECKER.slug)
        app.delivery.account_for = failed_window(clock)
        FormatChecker(app, domains, config.worker)
    if POLICY in wanted:
        make = _policy_maker(config)
        make()
        PolicyAgent(role_app(POLICY), domains, config.policy, make, role_assignments)
    return Parts(tuple(apps), role_assignments, feedback, pool)


async def run(parts: Parts, stop: asyncio.Event, ready: Callable[[], None]) -> None:
    """Run until `stop` is set or an app crashes. Calls `ready` once all apps have started."""
    await parts.role_assignments.start()
    if parts.feedback is not None:
        await parts.feedback.start()
    try:
        await asyncio.gather(*(app.start() for app in parts.apps))
        ready()
        stopping = asyncio.create_task(stop.wait())
        ended = [asyncio.create_task(app.app.wait_until_stopped()) for app in parts.apps]
        await asyncio.wait([stopping, *ended], return_when=asyncio.FIRST_COMPLETED)
        for task in (stopping, *ended):
            task.cancel()
        for app in parts.apps:
            if app.app.crash_reason is not None:
                raise RetryableError(f"{app.name} stopped: {app.app.crash_reason!r}")
    finally:
        await asyncio.gather(*(app.stop() for app in parts.apps), return_exceptions=True)
        if parts.feedback is not None:
            await parts.feedback.stop()
        await parts.role_assignments.stop()
        await parts.pool.close()


def arms(config: Config) -> list[Arm]:
    """The pool as the policy sees it: the declared price of a typical run, and any prior."""
    return [
        Arm(
            model=model.name,
            price_usd=cost_usd(model, _TYPICAL_INPUT_TOKENS, 0, _TYPICAL_OUTPUT_TOKENS),
            prior_success=model.prior_quality,
            roles=frozenset(model.roles) or None,
        )
        for model in config.models
    ]


def _policy_maker(config: Config) -> Callable[[], Policy]:
    settings = LearnerSettings(seed=config.policy.seed)
    return lambda: make_policy(config.policy.name, arms(config), settings)


def domains_of(config: Config) -> dict[str, Domain]:
    """The domains a deployment runs. Raises ConfigurationError as `load_domains` does."""
    return select_domains(load_domains(config.domains.files), config.domains.enabled)
