"""Puts together what measures a worker process and what it shows over HTTP."""

from collections.abc import Iterable, Sequence

from aiohttp import web

from agents.role_app import RoleApp
from agents.watchdog import Watchdog
from agents.web.health import BROKER_LIMIT_S, Health
from agents.web.lag import inputs_of_roles
from agents.web.live.board import Board, Surroundings
from agents.web.live.explain import Explainer
from agents.web.live.feed import Feed
from agents.web.page import LivePage
from agents.web.probe import Probe
from agents.web.server import Part, WebServer
from pipeline.clock import Clock
from pipeline.config import Config
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.models.declared import DeclaredModels
from pipeline.models.pool import ModelPool


def process_server(
    config: Config,
    domains: Iterable[str],
    apps: Sequence[RoleApp],
    pool: ModelPool,
    declared: DeclaredModels,
    clock: Clock,
    page: bool,
    watchdog: Watchdog,
) -> tuple[Probe, WebServer | None]:
    """What measures a process with `apps`, and its server, which is None if it is off.

    It has the live page if `page`. Raises ConfigurationError if its address would need a token and
    there is none.
    """
    names = tuple(domains)
    with_page = page and config.web.page and config.web.enabled
    inputs = {app.name.replace("-", "_"): app.kafka_topics for app in apps}
    if with_page:
        inputs = inputs_of_roles(config.kafka, names) | inputs
    probe = Probe(config.kafka, apps, inputs, pool.calls_in_flight, watchdog)
    if not config.web.enabled:
        return probe, None
    health = Health(apps, probe.broker_ago_s, watchdog.standing_still)
    if not with_page:
        return probe, WebServer(config.web, health, before_scrape=probe.set_gauges)

    def broker_answers() -> bool:
        ago_s = probe.broker_ago_s()
        return ago_s is not None and ago_s <= BROKER_LIMIT_S

    around = Surroundings(probe.waiting, broker_answers)
    board = Board(clock, names, declared.live, around)
    feed = Feed(config.kafka, names, board)
    explainer = Explainer(
        PolicyMaker(config, declared), feed.policy_states, config.kafka.partitions
    )
    live = LivePage(board, explainer)
    routes: list[web.RouteDef] = live.routes()
    parts: list[Part] = [feed, live]
    return probe, WebServer(config.web, health, parts, routes, probe.set_gauges)
