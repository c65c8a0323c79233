"""Plays one row of an evaluation: its pool is started, its windows go through the flow."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.cli.eval_pool import served, unhurried
from deploy.cli.eval_rows import Row, with_batch_sizes
from pipeline.clock import Clock
from pipeline.config import Config, ModelSettings
from pipeline.decisions.judge import JudgePanel
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.domains import Domain
from pipeline.errors import ConfigurationError
from pipeline.evaluation.casting import Casting, LearningPolicy, NamedArms
from pipeline.evaluation.flow import Flow
from pipeline.evaluation.gold import GoldWindow
from pipeline.evaluation.labelled import LabelledSentence
from pipeline.evaluation.run import People, WindowResult, evaluate
from pipeline.evaluation.sorting import Sorted, sort_sentences
from pipeline.models.declared import DeclaredModels
from pipeline.models.pool import ModelPool
from pipeline.rolerl.reward import reward_preset
from schemas.arm_names import base_of
from schemas.roles import Role


@dataclass(frozen=True)
class Setting:
    """What all rows share. `embedded`: the models are started here, in a fresh process a pass."""

    config: Config
    embedded: bool
    domain: Domain
    weights: Path
    clock: Clock
    passes: int
    people: People
    seed: int


def play(
    row: Row, setting: Setting, windows: Sequence[GoldWindow], progress: Callable[[], None]
) -> list[WindowResult]:
    """All passes of a row. Raises ConfigurationError if its models cannot be had."""
    results: list[WindowResult] = []
    learner: Learner | None = None
    for number in range(1, setting.passes + 1):
        with pool_of(row, setting) as config:
            if row.policy is not None and learner is None:
                learner = _learner(row.policy, config, setting.seed)
            casting = _casting(row, learner, setting.clock)
            passed = _passed(casting, config, setting, windows, number, progress)
            results += asyncio.run(passed)
    return results


def play_once(
    row: Row, config: Config, setting: Setting, windows: Sequence[GoldWindow]
) -> list[WindowResult]:
    """One pass of named arms over a pool that is reachable already."""
    casting = NamedArms(row.arms or {}, setting.clock)
    return asyncio.run(_passed(casting, config, setting, windows, 1, lambda: None))


async def _passed(
    casting: Casting,
    config: Config,
    setting: Setting,
    windows: Sequence[GoldWindow],
    number: int,
    progress: Callable[[], None],
) -> list[WindowResult]:
    clock, domain = setting.clock, setting.domain
    pool = ModelPool.from_settings(config.models, clock)
    try:
        server = role_server(pool, config, domain, clock)
        budget = int(pool.smallest_context_tokens * config.splitter.prompt_share_of_context)
        flow = Flow(server, domain, casting, clock, budget, config.splitter, config.worker)
        return await evaluate(
            flow, casting, domain.name, windows, clock, number, setting.people, progress
        )
    finally:
        await pool.close()


def sort(
    row: Row,
    setting: Setting,
    sentences: Sequence[LabelledSentence],
    progress: Callable[[], None],
) -> list[Sorted]:
    """Have a row's content organizer sort single sentences."""

    async def sorted_by(config: Config, casting: Casting) -> list[Sorted]:
        pool = ModelPool.from_settings(config.models, setting.clock)
        try:
            server = role_server(pool, config, setting.domain, setting.clock)
            return await sort_sentences(
                server, casting, setting.domain, sentences, setting.clock, progress
            )
        finally:
            await pool.close()

    with pool_of(row, setting) as config:
        learner = _learner(row.policy, config, setting.seed) if row.policy is not None else None
        return asyncio.run(sorted_by(config, _casting(row, learner, setting.clock)))


@contextmanager
def pool_of(row: Row, setting: Setting) -> Iterator[Config]:
    """The configuration with the row's models, reachable while the context lasts."""
    config = setting.config
    models = list(with_batch_sizes(config.models, row.models))
    names = {model.name for model in models}
    judges = [m for m in config.models if m.name in config.judging.models and m.name not in names]
    if not setting.embedded:
        if row.arms is not None:
            _check_roles(row, models)
        yield config.model_copy(update={"models": (*models, *judges)})
        return
    wanted = [unhurried(model) for model in models] if row.alone else models
    with served(wanted, config.domains.files, setting.weights) as there:
        gone = sorted(names - {model.name for model in there})
        if gone and row.alone:
            raise ConfigurationError(f"the weights of {', '.join(gone)} cannot be had")
        yield config.model_copy(update={"models": there})


def role_server(pool: ModelPool, config: Config, domain: Domain, clock: Clock) -> RoleServer:
    """The decision code that the workers run."""
    judges = JudgePanel(pool, clock, config.judging) if config.judging.models else None
    return RoleServer(
        pool,
        Runner(pool, clock),
        {domain.name: domain},
        reward_preset("paper", value_usd=1.0),
        config.worker.max_fallbacks,
        judges,
    )


def _casting(row: Row, learner: Learner | None, clock: Clock) -> Casting:
    if learner is not None:
        return LearningPolicy(learner, clock)
    return NamedArms(row.arms or {}, clock)


def _learner(policy: str, config: Config, seed: int) -> Learner:
    settings = config.policy.model_copy(update={"name": policy, "seed": seed})
    config = config.model_copy(update={"policy": settings})
    return Learner(PolicyMaker(config, DeclaredModels(config.models)))


def _check_roles(row: Row, models: Sequence[ModelSettings]) -> None:
    by_name = {model.name: model for model in models}
    for role, name in (row.arms or {}).items():
        if not by_name[base_of(name)].serves(Role(role).value):
            raise ConfigurationError(
                f"{name} does not declare the role {role.value}; "
                "name another arm for it: --arms role=arm,role=arm,..."
            )
