"""How far each judge is trusted, learnt from audits by other judges and from known truth."""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, field

from pydantic import BaseModel

from pipeline.rolerl.judging import HALF, Judge
from schemas.rewards import JudgeVerdict, QualitySource, RewardEvent

PRIOR_SHARE = 0.9
"""Two recorded judges agree on right or wrong in 59 of 72 cells; two of equal skill p that err
independently agree with p^2 + (1 - p)^2, so p is about 0.9 (arXiv 2409.18014, recorded runs)."""
PRIOR_COUNT = 4.0
OTHER_ROLES_COUNT = 6.0
"""What a judge is known for in other roles counts as so many observations in this one."""
FORGETTING = 0.995
AUDIT_COUNT = 0.5
"""Another judge's word is no truth: it counts half, and less the less that judge is trusted."""
_TRUTH = (QualitySource.GOLD, QualitySource.FEEDBACK)


@dataclass
class Tally:
    """Discounted counts: right and wrong answers met, how many of each recognised; replies."""

    right: float = 0.0
    right_known: float = 0.0
    wrong: float = 0.0
    wrong_known: float = 0.0
    asked: float = 0.0
    readable: float = 0.0

    def fade(self) -> None:
        """Let the past count for less: models change."""
        for name in ("right", "right_known", "wrong", "wrong_known"):
            setattr(self, name, getattr(self, name) * FORGETTING)

    def reply(self, readable: bool) -> None:
        """A reply, readable or not."""
        self.asked = self.asked * FORGETTING + 1.0
        self.readable = self.readable * FORGETTING + float(readable)

    def compare(self, said: bool, truth: bool, count: float = 1.0) -> None:
        """A verdict beside the truth, or what counts as `count` of a truth."""
        self.fade()
        if truth:
            self.right += count
            self.right_known += count * said
        else:
            self.wrong += count
            self.wrong_known += count * (not said)


class BookState(BaseModel):
    """A book as it is kept: by key and judge, the six counts of a Tally."""

    tallies: dict[str, dict[str, tuple[float, float, float, float, float, float]]] = {}


@dataclass
class JudgeBook:
    """The judges' records by (domain, role)."""

    _tallies: dict[str, dict[str, Tally]] = field(default_factory=dict)

    def take(self, key: str, event: RewardEvent) -> None:
        """Learn from a run's verdicts: how they compare with each other, or with people's word."""
        if not event.verdicts:
            return
        if not event.late:
            for verdict in event.verdicts:
                self._tally(key, verdict.judge).reply(verdict.right is not None)
            self._audit(key, [v for v in event.verdicts if v.right is not None])
        elif event.quality_source in _TRUTH and event.quality is not None:
            for verdict in event.verdicts:
                if verdict.right is not None:
                    self._tally(key, verdict.judge).compare(verdict.right, event.quality >= HALF)

    def judge(self, key: str, name: str) -> Judge:
        """How far a judge is trusted: its record here, drawn towards its record in other roles,

        and that towards what judges are like (both as so many more observations).
        """
        here = self._tallies.get(key, {}).get(name, Tally())
        other = [rows[name] for k, rows in self._tallies.items() if k != key and name in rows]
        return Judge(
            name,
            _shrunk(here.right_known, here.right, [(t.right_known, t.right) for t in other]),
            _shrunk(here.wrong_known, here.wrong, [(t.wrong_known, t.wrong) for t in other]),
            _shrunk(here.readable, here.asked, [(t.readable, t.asked) for t in other]),
        )

    def judges(self, key: str, names: Iterable[str]) -> tuple[Judge, ...]:
        """All of them, for a key."""
        return tuple(self.judge(key, name) for name in names)

    def state(self) -> BookState:
        """What is to be kept."""
        return BookState.model_validate(
            {
                "tallies": {
                    key: {name: astuple(tally) for name, tally in rows.items()}
                    for key, rows in self._tallies.items()
                }
            }
        )

    @classmethod
    def of(cls, state: BookState) -> "JudgeBook":
        """The inverse of `state`."""
        return cls(
            {
                key: {name: Tally(*counts) for name, counts in rows.items()}
                for key, rows in state.tallies.items()
            }
        )

    def _tally(self, key: str, name: str) -> Tally:
        return self._tallies.setdefault(key, {}).setdefault(name, Tally())

    def _audit(self, key: str, verdicts: Sequence[JudgeVerdict]) -> None:
        """Each verdict is compared with the others', as trusted as they were before."""
        trust = {v.judge: self.judge(key, v.judge).weight for v in verdicts}
        for verdict in verdicts:
            for other in verdicts:
                if other is not verdict and verdict.right is not None and other.right is not None:
                    count = AUDIT_COUNT * trust[other.judge]
                    self._tally(key, verdict.judge).compare(verdict.right, other.right, count)


def _shrunk(known: float, met: float, others: Sequence[tuple[float, float]]) -> float:
    seen = sum(count for _, count in others)
    elsewhere = sum(hits for hits, _ in others) + PRIOR_COUNT * PRIOR_SHARE
    borrowed = min(PRIOR_COUNT + seen, OTHER_ROLES_COUNT)
    return (known + borrowed * elsewhere / (seen + PRIOR_COUNT)) / (met + borrowed)
