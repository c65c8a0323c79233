"""How a view of a deployment looks in a terminal; shared by `status` and `top`."""

from datetime import datetime

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from agents.web.live.views import Baseline, RecordView, RoleView, View
from deploy.cli.visible_text import visible_line
from schemas.roles import MODEL_ROLES

_ROLE_ORDER = {role.value: number for number, role in enumerate(MODEL_ROLES)}
_CHARS = 300


def head(view: View) -> Text:
    """Three lines: the state of things, what it costs, and what waits before which role."""
    totals = view.totals
    line = Text("● ", style="green" if view.broker else "red")
    line.append("live" if view.broker else "the Kafka broker does not answer", style="bold")
    line.append(f"  {_clock(view.at)}   {_recent(view)} records in the last minute")
    line.append(f"   {totals.records} records, {totals.sentences} sentences")
    line.append(
        f"   {totals.dead_letters} dead letters", style="red" if totals.dead_letters else ""
    )
    line.append(f"\n  {_usd(totals.spend_usd)} spent on models")
    line.append(", dearest: ").append(_saving(totals.dearest))
    line.append(", cheapest adequate: ").append(_saving(totals.adequate))
    line.append(f"   window to record p95 {_s(totals.latency_p95_s)}")
    for budget in view.budgets:
        line.append(f"   budget {visible_line(budget.name)} {_usd(budget.left_usd)} left of ")
        line.append(f"{_usd(budget.limit_usd)} a {visible_line(budget.period)}")
    lag = [f"{name.replace('_', ' ')} {count}" for name, count in view.lag.items() if count]
    return line.append(f"\n  waiting: {', '.join(lag) or 'nothing'}")


def role_table(view: View) -> Table:
    """Who serves which role, how well and at what cost."""
    table = Table(box=None, header_style="dim", pad_edge=False)
    for title in ("domain", "role", "served by"):
        table.add_column(title, no_wrap=True)
    table.add_column("mix", ratio=1, no_wrap=True, overflow="ellipsis")
    for title in ("quality", "p95", "spend"):
        table.add_column(title, justify="right", no_wrap=True)
    table.add_column("dearest", justify="right", no_wrap=True)
    for role in sorted(view.roles, key=lambda r: (r.domain, _ROLE_ORDER.get(r.role, 9))):
        mix = sorted(role.mix, key=lambda share: -share.probability)
        table.add_row(
            Text(visible_line(role.domain), style="dim"),
            role.role.replace("_", " "),
            Text(visible_line(role.primary or "nobody yet"), style="bold"),
            Text(", ".join(f"{visible_line(s.model)} {s.probability:.0%}" for s in mix)),
            _percent(role.quality),
            _s(role.p95_s),
            _usd(role.spend_usd),
            _saving(role.dearest),
        )
    return table


def record_line(record: RecordView) -> Text:
    """A record in one line."""
    line = Text(f"{_clock(record.at)} ", style="dim", no_wrap=True, overflow="ellipsis")
    line.append(f"{visible_line(record.domain)} ", style="dim")
    line.append(visible_line(record.subject), style="bold")
    line.append(f" / {visible_line(record.category)}")
    if record.op == "delete":
        return line.append(" (withdrawn)", style="red")
    said = visible_line(record.sentences[-1].text) if record.sentences else ""
    return line.append(f" r{record.revision}: ", style="dim").append(said[:_CHARS])


def screen(view: View, height: int) -> RenderableType:
    """Everything that fits into `height` lines, for `top`."""
    parts: list[RenderableType] = [head(view), Text(""), role_table(view), Text("")]
    room = max(height - len(view.roles) - 10, 3)
    letters = view.dead_letters[-min(3, room // 3) :]
    records = view.records[-(room - len(letters)) :]
    parts += [record_line(record) for record in reversed(records)]
    parts += [
        Text(
            f"{_clock(letter.at)} dead letter {letter.kind}: {visible_line(letter.message)}",
            style="red",
            no_wrap=True,
            overflow="ellipsis",
        )
        for letter in reversed(letters)
    ]
    parts.append(Text("q leaves", style="dim"))
    return Group(*parts)


def role_line(role: RoleView) -> str:
    """A role in one plain line, for `status`."""
    mix = ", ".join(f"{share.model} {share.probability:.0%}" for share in role.mix)
    return visible_line(
        f"{role.domain:12} {role.role:22} {role.primary or '-':18} ({mix}) {role.reason or ''}"
    )


def _recent(view: View) -> int:
    begin = view.at.timestamp() - 60
    return sum(point.records for point in view.points if point.t >= begin)


def _saving(found: Baseline | None) -> Text:
    if found is None or found.saved is None:
        return Text("–")
    if found.saved >= 0:
        return Text(f"saves {found.saved:.0%}", style="green")
    return Text(f"costs {1 - found.saved:.2g} times", style="yellow")


def _clock(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")


def _usd(value: float) -> str:
    return f"${value:.3g}" if value < 1000 else f"${value:,.0f}"


def _s(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{value:.0%}"
