"""Builds the default arms and serves them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from aiohttp import web

from pipeline.domains import Domain, load_domains
from pipeline.errors import ConfigurationError
from pipeline.models.embedded.arm import Arm
from pipeline.models.embedded.embedder import Embedder, load_embedder
from pipeline.models.embedded.embeddings import embeddings_arm
from pipeline.models.embedded.hybrid import hybrid_arm
from pipeline.models.embedded.llama import LlamaArm, load_engine
from pipeline.models.embedded.rules import rules_arm
from pipeline.models.embedded.server import build_app
from pipeline.models.embedded.weights import LARGER, fetch_weights, smollm_weights

SMOLLM: Final = "smollm2-135m"
DEFAULT_ARMS: Final = ("rules", "embeddings", "hybrid", SMOLLM)
"""The arms that install and start in seconds."""

ALL_ARMS: Final = (*DEFAULT_ARMS, *LARGER)

_SMOLLM_CONTEXT: Final = 8192
_LARGER_CONTEXT: Final = 16_384

Report = Callable[[str], None]
"""Takes one line for the user."""


def build_arms(
    names: Sequence[str] = DEFAULT_ARMS,
    domains: Mapping[str, Domain] | None = None,
    weights_folder: Path | None = None,
    report: Report = lambda line: None,
) -> tuple[Arm, ...]:
    """The named arms for `domains` (the built-in ones if None).

    The larger models are fetched into `weights_folder` on first use; one that cannot be had is
    left out with a line to `report`. Raises ConfigurationError for unknown names.
    """
    for name in names:
        if name not in ALL_ARMS:
            raise ConfigurationError(
                f"unknown embedded model {name!r}; there are {', '.join(ALL_ARMS)}"
            )
    known = load_domains() if domains is None else domains
    threads = max(1, (os.cpu_count() or 2) - 1)
    embedder = load_embedder(threads)
    arms: list[Arm] = []
    for name in dict.fromkeys(names):
        try:
            arms.append(_build(name, known, embedder, threads, weights_folder))
        except ConfigurationError as error:
            if name not in LARGER:
                raise
            report(f"model {name} left out: {error}")
    return tuple(arms)


async def serve(
    host: str,
    port: int,
    arms: Sequence[str] = DEFAULT_ARMS,
    domains: Mapping[str, Domain] | None = None,
    weights_folder: Path | None = None,
    report: Report = lambda line: None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve the named arms until cancelled or until `stop` is set; port 0 takes a free one.

    `report` gets the address once the server answers. Raises ConfigurationError if the address
    is taken or an arm cannot be built.
    """
    built = await asyncio.to_thread(build_arms, arms, domains, weights_folder, report)
    runner = web.AppRunner(build_app(built), handler_cancellation=True, access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise ConfigurationError(
                f"cannot serve models on {host}:{port}: {error.strerror or error}; "
                "choose another port"
            ) from None
        bound = runner.addresses[0][1]
        report(f"serving {', '.join(arm.name for arm in built)} on http://{host}:{bound}/v1")
        await (stop or asyncio.Event()).wait()
    finally:
        await runner.cleanup()


def _build(
    name: str,
    domains: Mapping[str, Domain],
    embedder: Embedder,
    threads: int,
    weights_folder: Path | None,
) -> Arm:
    match name:
        case "rules":
            return rules_arm(domains, embedder.count_tokens)
        case "embeddings":
            return embeddings_arm(domains, embedder)
        case "hybrid":
            return hybrid_arm(domains, embedder)
        case _ if name == SMOLLM:
            engine = load_engine(smollm_weights(), _SMOLLM_CONTEXT, threads)
            return LlamaArm(name, engine, _SMOLLM_CONTEXT, compact_for=domains)
    if weights_folder is None:
        raise ConfigurationError("no folder for its weights was given")
    path = fetch_weights(LARGER[name], weights_folder)
    return LlamaArm(name, load_engine(path, _LARGER_CONTEXT, threads), _LARGER_CONTEXT)
