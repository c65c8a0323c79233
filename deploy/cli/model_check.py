"""`rolestream models check`: calls the declared arms for real and says what is wrong with them."""

import asyncio
import json
from dataclasses import asdict
from pathlib import Path

import click

from deploy.cli.cluster import cluster_options
from deploy.cli.declared_models import declared_or_configured
from deploy.cli.failure import told_plainly
from pipeline.clock import SystemClock
from pipeline.config import ModelSettings, load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.domains import load_domains, select_domains
from pipeline.errors import ConfigurationError
from pipeline.models.check import ArmCheck, Question, check_arm
from pipeline.olp.topic_finder import TopicFinder
from schemas.messages import Sentence, Window
from schemas.role_task import RoleTask
from schemas.roles import Role

_SENTENCES = (
    "Good evening everybody, and welcome back.",
    "First comes the Alpina kettle, it boils a litre in ninety seconds.",
    "The Alpina kettle costs thirty-nine euros tonight.",
)


@click.command()
@click.argument("names", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cluster_options
def check(
    names: tuple[str, ...], as_json: bool, bootstrap_servers: str | None, config_path: Path | None
) -> None:
    """Call each arm (or those named) for real: three small requests, paid like any other.

    Exit status 1 if an arm cannot be used as it is declared.
    """
    with told_plainly():
        config = with_bootstrap_servers(load_config(config_path), bootstrap_servers)
        models = {model.name: model for model in declared_or_configured(config).live()}
        unknown = [name for name in names if name not in models]
        if unknown:
            raise ConfigurationError(
                f"there is no arm {unknown[0]!r}; declared are {', '.join(models) or 'none'}"
            )
        chosen = [models[name] for name in names or models]
        if not chosen:
            raise ConfigurationError("no models: add at least one [[models]] to the configuration")
        checks = asyncio.run(_check(chosen, as_json))
    if as_json:
        click.echo(json.dumps([asdict(seen) for seen in checks]))
    if any(seen.faults for seen in checks):
        raise SystemExit(1)


async def _check(models: list[ModelSettings], as_json: bool) -> list[ArmCheck]:
    clock = SystemClock()
    domain = next(iter(select_domains(load_domains(()), ("ecommerce",)).values()))
    task = RoleTask(
        role=Role.TOPIC_FINDER,
        window=Window(
            window_id="check",
            domain=domain.name,
            stream_id="check",
            lang="en",
            sentences=tuple(Sentence(seq=n, text=text) for n, text in enumerate(_SENTENCES, 1)),
            closed_by="end",
            splitter_version="check",
            at=clock.now(),
        ),
    )
    finder = TopicFinder()
    done = []
    for model in models:
        prompt = finder.prompt(task, domain, model.quotes)
        seen = await check_arm(
            model,
            Question(
                prompt.messages,
                prompt.json_schema,
                lambda text: finder.read(task, domain, text).task is not None,
            ),
            clock,
        )
        done.append(seen)
        if not as_json:
            click.echo(in_words(seen))
    return done


def in_words(seen: ArmCheck) -> str:
    """One line of what works, and one for each fault."""
    lines = []
    if seen.latency_s is not None:
        first = "" if seen.first_token_s is None else f"first token {seen.first_token_s:.2f} s, "
        told = "usage reported" if seen.usage_reported else "usage not reported, so estimated"
        lines.append(
            f"{seen.model}: {'usable' if not seen.faults else 'answers'}, "
            f"structured output by {', '.join(seen.structured) or 'no mode'} "
            f"(declared: {seen.declared}), {'streams' if seen.streams else 'does not stream'}, "
            f"{first}last {seen.latency_s:.2f} s, {told}, this check cost ${seen.cost_usd:.6f}"
        )
    lines += [f"fault: {fault}" for fault in seen.faults]
    return "\n".join(lines)
