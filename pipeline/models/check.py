"""Calls an arm for real, to see whether what is declared of it is so."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from pipeline.models.client import ModelClient
from pipeline.models.completion import (
    Completion,
    ModelFaultError,
    ModelMisconfiguredError,
    ModelRefusedError,
)
from pipeline.models.dialect import STRUCTURED_MODES, Structured

_MOST_TOKENS = 400


@dataclass(frozen=True)
class Question:
    """What an arm is asked; `accepts` says whether an answer could be used."""

    messages: Sequence[tuple[str, str]]
    json_schema: Mapping[str, Any]
    accepts: Callable[[str], bool]


@dataclass
class ArmCheck:
    """What was seen of one arm; None is not known, as nothing came back that would show it.

    `structured` are the modes that gave a usable answer; latencies in seconds and whether tokens
    were counted are of the declared mode, `cost_usd` is of the whole check. `faults` are one line
    each.
    """

    model: str
    declared: str
    reachable: bool = False
    key_accepted: bool | None = None
    model_known: bool | None = None
    structured: list[Structured] = field(default_factory=list)
    streams: bool | None = None
    usage_reported: bool | None = None
    first_token_s: float | None = None
    latency_s: float | None = None
    cost_usd: float = 0.0
    faults: list[str] = field(default_factory=list)


async def check_arm(
    settings: ModelSettings,
    question: Question,
    clock: Clock,
    environ: Mapping[str, str] | None = None,
) -> ArmCheck:
    """Ask the arm once in every structured-output mode, in the declared one first.

    Where the endpoint cannot be called at all, it is asked once. Never raises for what it does.
    """
    seen = ArmCheck(settings.name, settings.structured)
    auto = settings.structured == "auto"
    modes = sorted(STRUCTURED_MODES, key=lambda mode: mode != settings.structured)
    refusals: dict[Structured, str] = {}
    for mode in modes:
        arm = settings.model_copy(update={"structured": mode})
        try:
            client = ModelClient(arm, clock, environ)
        except ConfigurationError as error:
            seen.faults.append(str(error))
            return seen
        try:
            done = await client.complete(question.messages, question.json_schema, _MOST_TOKENS)
        except ModelRefusedError as error:
            seen.reachable = seen.key_accepted = seen.model_known = True
            refusals[mode] = str(error)
        except ModelFaultError as error:
            _blame(seen, error)
            return seen
        else:
            _measured(seen, done, first=seen.latency_s is None)
            if question.accepts(done.text):
                seen.structured.append(mode)
            else:
                refusals[mode] = f"{settings.name}: the answer cannot be used ({done.finish})"
        finally:
            await client.close()
    if not auto and settings.structured not in seen.structured:
        works = ", ".join(seen.structured) or "none of the others does either"
        why = refusals.get(modes[0], "")
        seen.faults.append(f'{why}; structured = "{settings.structured}" does not work: {works}')
    elif not seen.structured:
        seen.faults.append(refusals[modes[0]])
    return seen


def _measured(seen: ArmCheck, done: Completion, first: bool) -> None:
    seen.reachable = seen.key_accepted = seen.model_known = True
    seen.cost_usd += done.cost_usd
    if first:
        seen.streams = done.first_token_s is not None
        seen.usage_reported = done.tokens_counted_by == "usage"
        seen.first_token_s, seen.latency_s = done.first_token_s, done.latency_s


def _blame(seen: ArmCheck, fault: ModelFaultError) -> None:
    seen.faults.append(str(fault))
    seen.cost_usd += fault.spent.cost_usd
    seen.reachable = seen.reachable or fault.answered
    if isinstance(fault, ModelMisconfiguredError):
        if fault.what == "key":
            seen.key_accepted = False
        elif fault.what == "model":
            seen.key_accepted, seen.model_known = True, False
