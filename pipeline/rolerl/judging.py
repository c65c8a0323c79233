"""Judges are noisy instruments: which one to ask, and what their verdicts together are worth."""

import json
import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

_FENCED = re.compile(r"\A\s*```(?:json)?\s*(\{.*\})\s*```\s*\Z", re.DOTALL)
_MAX_VERDICT_CHARS = 20_000
_MAX_FAULTS = 10
_MAX_FAULT_CHARS = 300

HALF = 0.5
"""From this quality on an answer counts as right."""
DECISIVE = math.log(2.0)
"""Verdicts that shift the odds by less than a factor of two tell nothing."""
WORTHLESS = 0.02
"""A judge of less weight is asked only now and then, to see whether it has become better."""
NOW_AND_THEN = 0.1


class Verdict(NamedTuple):
    """What a judge said of an answer; `quality` 0..1 is at least 0.5 if and only if `right`."""

    right: bool
    quality: float
    faults: tuple[str, ...] = ()


class _Reply(BaseModel):
    model_config = ConfigDict(extra="ignore", strict=True)

    right: bool
    quality: float = Field(ge=0.0, le=1.0)
    faults: list[str] = Field(default_factory=list)


def read_verdict(text: str) -> Verdict | None:
    """The verdict if the reply is one JSON object, bare or in a code fence, and nothing else.

    None for anything else, and for a verdict that contradicts itself: a judge that rambles has
    not judged, and what it rambles may quote the answer it was to judge.
    """
    if len(text) > _MAX_VERDICT_CHARS:
        return None
    fenced = _FENCED.match(text)
    try:
        reply = _Reply.model_validate(json.loads(fenced[1] if fenced else text))
    except (ValueError, ValidationError, RecursionError):
        return None
    if reply.right != (reply.quality >= HALF):
        return None
    faults = (" ".join(fault.split())[:_MAX_FAULT_CHARS] for fault in reply.faults[:_MAX_FAULTS])
    return Verdict(reply.right, reply.quality, tuple(faults))


@dataclass(frozen=True, slots=True)
class Judge:
    """A judge as it is trusted in a role.

    `knows_right`, `knows_wrong`: shares of right and of wrong answers it recognises; `readable`:
    share of its replies that are verdicts.
    """

    name: str
    knows_right: float
    knows_wrong: float
    readable: float = 1.0

    @property
    def weight(self) -> float:
        """What a reply is worth: 1 for one that never errs, 0 for one that says the same of all.

        The square of Youden's J, in proportion to how many verdicts of a perfect judge would tell
        as much, times the share of readable replies.
        """
        return max(0.0, self.knows_right + self.knows_wrong - 1.0) ** 2 * self.readable

    def shift(self, right: bool) -> float:
        """How far its verdict moves the log odds that the answer is right."""
        hit, miss = _inside(self.knows_right), _inside(self.knows_wrong)
        return math.log(hit / (1.0 - miss)) if right else math.log((1.0 - hit) / miss)


def choose(judges: Sequence[Judge], author: str, rng: Random) -> Judge | None:
    """The judge to ask about an answer of the arm `author`, drawn by weight; None: ask nobody.

    An arm never judges its own answer. If all judges are worthless one is asked now and then.
    """
    able = [judge for judge in judges if judge.name != author]
    if not able:
        return None
    weights = [judge.weight for judge in able]
    if max(weights) < WORTHLESS:
        if rng.random() >= NOW_AND_THEN:
            return None
        weights = [1.0] * len(able)
    return rng.choices(able, weights)[0]


def choose_auditor(
    judges: Sequence[Judge], besides: Collection[str], audit_rate: float, rng: Random
) -> Judge | None:
    """A second judge for a sample of judgments, any with the same chance; None: no audit."""
    able = [judge for judge in judges if judge.name not in besides]
    if rng.random() >= audit_rate or not able:
        return None
    return rng.choice(able)


def pooled(said: Sequence[tuple[Judge, Verdict]]) -> Verdict | None:
    """What the verdicts say together; None if that is next to nothing.

    Right or wrong by the sum of log likelihood ratios; the quality is the weighted mean of those
    who are on that side. A judge that calls everything right shifts nothing, so that its praise
    never counts.
    """
    total = sum(judge.shift(verdict.right) for judge, verdict in said)
    if abs(total) < DECISIVE:
        return None
    right = total > 0
    side = [(judge.weight, verdict) for judge, verdict in said if verdict.right is right]
    mass = sum(weight for weight, _ in side)
    if not side or mass <= 0.0:
        return None
    quality = sum(weight * verdict.quality for weight, verdict in side) / mass
    faults = dict.fromkeys(fault for _, verdict in side for fault in verdict.faults)
    return Verdict(right, quality, tuple(faults))


def _inside(share: float) -> float:
    return min(max(share, 0.01), 0.99)
