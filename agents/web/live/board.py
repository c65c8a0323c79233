"""The whole picture of a deployment, kept up to date message by message; its memory is bounded.

Every change gets a number, so that a reader can ask for what changed since it looked last.
"""

from collections import OrderedDict, deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from agents.web.live.role_figures import RoleFigures, baseline, quantile
from agents.web.live.series import BUCKET_S, Bucket, Series
from agents.web.live.views import (
    Baseline,
    Budget,
    LetterView,
    RecordView,
    TextLine,
    Totals,
    View,
)
from pipeline.allowances.words import account_name, in_force, spent_line
from pipeline.clock import Clock
from pipeline.config import ModelSettings
from pipeline.decisions.ledger import identity
from schemas.allowances import AllowanceLedger
from schemas.dead_letter import DeadLetter
from schemas.messages import CategorizedRecord, WindowOutcome
from schemas.rewards import RewardEvent, RoleAssignment, assignment_key
from schemas.roles import MODEL_ROLES, Role

RECORDS_KEPT = 200
LETTERS_KEPT = 50
RECORDS_SENT = 40
_SENTENCES = 6
_CHARS = 400
_SEEN = 20_000


@dataclass(frozen=True)
class Surroundings:
    """What the board does not learn from messages: lag by role, whether Kafka answers."""

    lag: Callable[[], dict[str, int]] = dict
    broker: Callable[[], bool] = lambda: True


class Board:
    """Takes in messages of a deployment's Kafka topics and gives views of it.

    `models` tells the arms as they are declared now, for what they would have cost.
    """

    def __init__(
        self,
        clock: Clock,
        domains: Iterable[str],
        models: Callable[[], Iterable[ModelSettings]],
        surroundings: Surroundings | None = None,
    ) -> None:
        self._clock = clock
        self._models = models
        self._around = surroundings or Surroundings()
        self._figures = {
            assignment_key(domain, role): RoleFigures(domain, role)
            for domain in domains
            for role in MODEL_ROLES
        }
        self._series = Series(clock.now)
        self._records: deque[RecordView] = deque(maxlen=RECORDS_KEPT)
        self._letters: deque[LetterView] = deque(maxlen=LETTERS_KEPT)
        self._seen: OrderedDict[str, None] = OrderedDict()
        self._latencies: deque[float] = deque(maxlen=500)
        self._counts = dict.fromkeys(
            ("records", "sentences", "recorded", "windows", "failed_windows", "dead_letters"), 0
        )
        self._since: datetime | None = None
        self._ledger: AllowanceLedger | None = None
        self.version = 0

    def record(self, item: CategorizedRecord) -> None:
        """A record came out, or came again."""
        if self._known(f"{item.record_id}|{item.revision}"):
            return
        bucket = self._step(item.at)
        self._counts["records"] += 1
        if bucket is not None:
            bucket.records += 1
        self._records.append(_record_view(item, self.version))

    def outcome(self, item: WindowOutcome) -> None:
        """A window was accounted for."""
        if self._known(f"outcome|{item.window_id}"):
            return
        bucket = self._step(item.at)
        if bucket is not None:
            bucket.sentences += item.sentences
        self._counts["windows"] += 1
        self._counts["failed_windows"] += item.failed is not None
        self._counts["sentences"] += item.sentences
        self._counts["recorded"] += len(item.recorded)
        self._latencies.append(item.latency_s)

    def reward(self, event: RewardEvent) -> None:
        """A model ran, or the quality of a run became known."""
        if self._known(identity(event)):
            return
        figures = self._of(event.domain, event.role)
        bucket = self._step(event.at)
        before = figures.spend_usd
        dearest_usd = figures.reward(event, self._models())
        figures.version = self.version
        if bucket is None:
            return
        spent = figures.spend_usd - before
        bucket.spend_usd += spent
        bucket.dearest_usd += dearest_usd
        role = bucket.role(event.role.value)
        role.spend_usd += spent
        if event.kept and not event.late:
            role.latencies.append(event.latency_s)
        if event.kept and event.quality is not None:
            role.quality += event.quality
            role.scored += 1

    def assigned(self, item: RoleAssignment) -> None:
        """The policy published a role assignment."""
        figures = self._of(item.domain, item.role)
        if figures.assigned(item):
            self.version += 1
            figures.version = self.version

    def dead_letter(self, item: DeadLetter) -> None:
        """A message could not be processed."""
        source = f"{item.source.kafka_topic}[{item.source.partition}]@{item.source.offset}"
        if self._known(f"letter|{source}|{item.error.kind}"):
            return
        bucket = self._step(item.at)
        if bucket is not None:
            bucket.dead_letters += 1
        self._counts["dead_letters"] += 1
        cause = item.error
        self._letters.append(
            LetterView(
                self.version, cause.kind, cause.message[:_CHARS], cause.role, source, item.at
            )
        )

    def allowances(self, ledger: AllowanceLedger) -> None:
        """The budgets' ledger was written."""
        held = self._ledger
        if held is None or (ledger.epoch, ledger.version) > (held.epoch, held.version):
            self._ledger = ledger

    def since(self, version: int = 0) -> View:
        """What changed after `version`; everything that is kept for 0."""
        most = RECORDS_SENT if version else RECORDS_KEPT
        records = [record for record in self._records if record.serial > version][-most:]
        figures = (self._figures[key] for key in sorted(self._figures))
        return View(
            version=self.version,
            since_version=version,
            at=self._clock.now(),
            bucket_s=BUCKET_S,
            broker=self._around.broker(),
            totals=self._totals(),
            lag=self._around.lag(),
            budgets=self._budgets(),
            roles=tuple(f.view() for f in figures if not version or f.version > version),
            points=self._series.since(version),
            records=tuple(records),
            dead_letters=tuple(item for item in self._letters if item.serial > version),
        )

    def _budgets(self) -> tuple[Budget, ...]:
        now = self._clock.now()
        return tuple(
            Budget(
                account_name(account),
                max(0.0, account.limit_usd - (account.spent_usd if in_force(account, now) else 0)),
                account.limit_usd,
                account.period,
                spent_line(account) if in_force(account, now) else None,
            )
            for account in (self._ledger.accounts if self._ledger else ())
        )

    def _totals(self) -> Totals:
        active = [figures for figures in self._figures.values() if figures.would_usd]
        dearest = [found for figures in active if (found := figures.dearest())]
        adequate = [found for figures in active if (found := figures.adequate())]
        spend = sum(figures.spend_usd for figures in self._figures.values())
        return Totals(
            since=self._since,
            records=self._counts["records"],
            sentences=self._counts["sentences"],
            recorded=self._counts["recorded"],
            windows=self._counts["windows"],
            failed_windows=self._counts["failed_windows"],
            dead_letters=self._counts["dead_letters"],
            spend_usd=spend,
            adequate=_summed(adequate, spend) if len(adequate) == len(active) else None,
            dearest=_summed(dearest, spend),
            latency_p50_s=quantile(self._latencies, 0.5),
            latency_p95_s=quantile(self._latencies, 0.95),
        )

    def _of(self, domain: str, role: Role) -> RoleFigures:
        key = assignment_key(domain, role)
        if key not in self._figures:
            self._figures[key] = RoleFigures(domain, role)
        return self._figures[key]

    def _step(self, at: datetime) -> Bucket | None:
        self.version += 1
        self._since = at if self._since is None else min(self._since, at)
        return self._series.at(at, self.version)

    def _known(self, key: str) -> bool:
        if key in self._seen:
            return True
        self._seen[key] = None
        if len(self._seen) > _SEEN:
            self._seen.popitem(last=False)
        return False


def _summed(found: list[Baseline], spend_usd: float) -> Baseline | None:
    if not found:
        return None
    names = sorted({item.model for item in found})
    return baseline(", ".join(names), sum(item.usd for item in found), spend_usd)


def _record_view(item: CategorizedRecord, serial: int) -> RecordView:
    shown = item.sentences[-_SENTENCES:]
    return RecordView(
        serial=serial,
        record_id=item.record_id,
        revision=item.revision,
        op=item.op,
        domain=item.domain,
        stream_id=item.stream_id,
        subject=item.subject.name,
        category=item.category,
        sentences=tuple(TextLine(s.seq, s.text[:_CHARS]) for s in shown),
        more=len(item.sentences) - len(shown),
        produced_by={role: by.model for role, by in item.produced_by.items()},
        at=item.at,
    )
