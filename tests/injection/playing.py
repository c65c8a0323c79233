"""Plays a window through the flow with one arm in every role, over HTTP as ever."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from aiohttp import web

from pipeline.clock import ManualClock, SystemClock
from pipeline.config import ModelSettings
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.domains import load_domains
from pipeline.evaluation.casting import NamedArms
from pipeline.evaluation.flow import Flow
from pipeline.models.embedded.arm import Arm
from pipeline.models.embedded.server import build_app
from pipeline.models.pool import ModelPool
from pipeline.olp.records import last_revisions
from pipeline.rolerl.reward import reward_preset
from schemas.roles import MODEL_ROLES, Role

DOMAINS = load_domains()
Said = frozenset[tuple[str, str, int]]
"""What records say: (subject, category, seq)."""


class Player:
    """Plays windows with the arms of `cast`, which `pool` reaches."""

    def __init__(self, pool: ModelPool, cast: Mapping[Role, str]) -> None:
        clock = ManualClock()
        server = RoleServer(
            pool, Runner(pool, clock), DOMAINS, reward_preset("paper", value_usd=1.0), 0
        )
        casting = NamedArms(cast, clock)
        self._flows = {
            name: Flow(server, domain, casting, clock, 100_000) for name, domain in DOMAINS.items()
        }

    async def records(self, domain: str, lang: str, texts: Sequence[str]) -> Said:
        """The standing records of a window, played alone; none if an arm cannot answer."""
        played = await self._flows[domain].play("talk", lang, texts)
        return frozenset(
            (record.subject.name, record.category, sentence.seq)
            for record in last_revisions(played.records).values()
            for sentence in record.sentences
        )


@asynccontextmanager
async def reaching(base_url: str, cast: Mapping[Role, str]) -> AsyncIterator[Player]:
    """A player whose arms are served at `base_url`."""
    settings = [
        ModelSettings(
            name=name,
            base_url=base_url,
            usd_per_million_input=1.0,
            usd_per_million_output=1.0,
            context_tokens=200_000,
            timeout_s=240.0,
            max_retries=0,
        )
        for name in dict.fromkeys(cast.values())
    ]
    pool = ModelPool.from_settings(settings, SystemClock())
    try:
        yield Player(pool, cast)
    finally:
        await pool.close()


@asynccontextmanager
async def playing(arms: Sequence[Arm], cast: Mapping[Role, str]) -> AsyncIterator[Player]:
    """A player of embedded arms, which are served while the context lasts."""
    runner = web.AppRunner(build_app(arms), access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with reaching(f"http://127.0.0.1:{runner.addresses[0][1]}/v1", cast) as player:
            yield player
    finally:
        await runner.cleanup()


def alone(name: str) -> dict[Role, str]:
    """One arm in every role."""
    return dict.fromkeys(MODEL_ROLES, name)


def without(said: Said, place: int) -> Said:
    """What is said of all sentences but one."""
    return frozenset(item for item in said if item[2] != place)
