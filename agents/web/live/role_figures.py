"""How one role of one domain goes: spend, quality, latency, and what single models would cost."""

from collections import Counter, OrderedDict, deque
from collections.abc import Iterable, Mapping
from typing import TypeVar

from agents.web.live.views import Baseline, ModelView, RoleView, Share, Stay
from pipeline.config import ModelSettings
from pipeline.decisions import ledger
from pipeline.models.prices import cost_usd
from schemas.rewards import Outcome, RewardEvent, RoleAssignment
from schemas.roles import Role

Value = TypeVar("Value")

SCORED_KEPT = 500
"""Decisions and scored runs of a model that count: the last ones."""
ENOUGH_SCORED = 10
ADEQUATE_MARGIN = 0.02
_STAYS = 60
_FAILED = frozenset({Outcome.TIMEOUT, Outcome.RATE_LIMITED, Outcome.ERROR, Outcome.INVALID})


class RoleFigures:
    """The running account of a (domain, role); memory is bounded."""

    def __init__(self, domain: str, role: Role) -> None:
        self.domain = domain
        self.role = role
        self.version = 0
        self.spend_usd = 0.0
        self.would_usd: dict[str, float] = {}
        self._assignment: RoleAssignment | None = None
        self._stays: deque[Stay] = deque(maxlen=_STAYS)
        self._runs: Counter[str] = Counter()
        self._kept = 0
        self._failed = 0
        self._purposes: dict[str, float] = {}
        self._delivered: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._scores: dict[str, OrderedDict[str, float]] = {}
        self._latencies: deque[float] = deque(maxlen=SCORED_KEPT)

    def assigned(self, item: RoleAssignment) -> bool:
        """Take in what the policy published; tells whether it is news."""
        if self._assignment is not None and item.version <= self._assignment.version:
            return False
        self._assignment = item
        if not self._stays or self._stays[-1].model != item.primary:
            self._stays.append(Stay(item.at, item.primary, item.version, item.reason))
        return True

    def reward(self, event: RewardEvent, models: Iterable[ModelSettings]) -> float:
        """Take in an event; returns what the dearest of `models` would have cost for it."""
        if event.quality is not None:
            source = event.quality_source.value if event.quality_source else "unknown"
            scores = self._scores.setdefault(event.model, OrderedDict())
            _keep(scores, event.decision_id, event.quality)
            if event.kept:
                _keep(self._delivered, event.decision_id, (event.quality, source))
        if event.late:
            return 0.0
        self._runs[event.model] += 1
        self._failed += event.outcome in _FAILED
        for entry in ledger.entries(event):
            self.spend_usd += entry.usd
            _add(self._purposes, entry.purpose.value, entry.usd)
        if not event.kept:
            return 0.0
        self._kept += 1
        self._latencies.append(event.latency_s)
        tokens = event.input_tokens, event.cached_tokens, event.output_tokens
        would = {
            model.name: cost_usd(model, *tokens)
            for model in models
            if model.serves(self.role.value)
        }
        for name, usd in would.items():
            _add(self.would_usd, name, usd)
        return max(would.values(), default=0.0)

    def adequate(self) -> Baseline | None:
        """The cheapest model that would have done alone."""
        delivered = self._quality()
        if delivered is None:
            return None
        able = [
            name
            for name, scores in self._scores.items()
            if len(scores) >= ENOUGH_SCORED
            and name in self.would_usd
            and sum(scores.values()) / len(scores) >= delivered - ADEQUATE_MARGIN
        ]
        name = min(able, key=lambda model: (self.would_usd[model], model), default=None)
        return None if name is None else baseline(name, self.would_usd[name], self.spend_usd)

    def dearest(self) -> Baseline | None:
        """The model that would have cost most alone."""
        name = max(self.would_usd, key=lambda model: (self.would_usd[model], model), default=None)
        return None if name is None else baseline(name, self.would_usd[name], self.spend_usd)

    def view(self) -> RoleView:
        """The present state."""
        given = self._assignment
        return RoleView(
            domain=self.domain,
            role=self.role.value,
            policy=given.policy if given else None,
            primary=given.primary if given else None,
            version=given.version if given else None,
            reason=given.reason if given else None,
            at=given.at if given else None,
            mix=tuple(Share(s.model, s.probability) for s in given.mix) if given else (),
            judge_rate=given.judge_rate if given else 0.0,
            history=tuple(self._stays),
            runs=self._runs.total(),
            kept=self._kept,
            failed=self._failed,
            quality=self._quality(),
            scored=len(self._delivered),
            quality_sources=dict(Counter(source for _, source in self._delivered.values())),
            p50_s=quantile(self._latencies, 0.5),
            p95_s=quantile(self._latencies, 0.95),
            spend_usd=self.spend_usd,
            purposes=dict(self._purposes),
            models=self._models(),
            adequate=self.adequate(),
            dearest=self.dearest(),
        )

    def _quality(self) -> float | None:
        known = [quality for quality, _ in self._delivered.values()]
        return sum(known) / len(known) if known else None

    def _models(self) -> tuple[ModelView, ...]:
        def of(name: str, scores: Mapping[str, float]) -> ModelView:
            mean = sum(scores.values()) / len(scores) if scores else None
            return ModelView(name, self._runs[name], len(scores), mean)

        return tuple(of(name, self._scores.get(name, {})) for name in sorted(self._runs))


def baseline(model: str, usd: float, spend_usd: float) -> Baseline:
    """What `model` alone costs, and what share of that was saved by spending `spend_usd`."""
    return Baseline(model, usd, 1.0 - spend_usd / usd if usd > 0 else None)


def quantile(values: Iterable[float], q: float) -> float | None:
    """The value that the share `q` of `values` does not exceed (nearest rank); None of none."""
    ordered = sorted(values)
    return ordered[max(0, -(-int(q * 100) * len(ordered) // 100) - 1)] if ordered else None


def _add(sums: dict[str, float], key: str, usd: float) -> None:
    sums[key] = sums.get(key, 0.0) + usd


def _keep(kept: "OrderedDict[str, Value]", key: str, value: Value) -> None:
    kept[key] = value
    if len(kept) > SCORED_KEPT:
        kept.popitem(last=False)
