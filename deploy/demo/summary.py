"""How the demonstration shows records and sums up what it did."""

from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from deploy.cli.visible_text import visible_line
from deploy.demo.ledger import DemoLedger
from schemas.messages import CategorizedRecord
from schemas.roles import MODEL_ROLES

_SHOWN_CHARS = 60


def record_line(record: CategorizedRecord) -> Text:
    """One line for a record that came out."""
    line = Text("record ", style="green" if record.op == "upsert" else "red")
    line.append(f"{record.domain} ", style="dim")
    line.append(visible_line(record.subject.name), style="bold")
    line.append(f" / {record.category}")
    if record.op == "delete":
        line.append(" (withdrawn)", style="red")
        return line
    count = len(record.sentences)
    line.append(f" r{record.revision}, {count} sentence{'s' if count != 1 else ''}: ", style="dim")
    text = visible_line(record.sentences[-1].text)
    line.append(text if len(text) <= _SHOWN_CHARS else text[: _SHOWN_CHARS - 1] + "…")
    return line


def print_summary(console: Console, ledger: DemoLedger, elapsed_s: float) -> None:
    """Print the figures of a run."""
    numbers = figures(ledger, elapsed_s)
    console.rule("summary")
    sent, accounted = sum(ledger.sent.values()), sum(ledger.accounted.values())
    console.print(
        f"{sent} sentences in, {accounted} accounted for in {ledger.windows} windows: "
        f"{sum(ledger.recorded.values())} in records, "
        f"{accounted - sum(ledger.recorded.values())} belong to no subject or are filler"
    )
    table = Table("domain", "category", "records", "sentences", title="records out")
    for (domain, category), (records, sentences) in ledger.per_category().items():
        table.add_row(domain, category, str(records), str(sentences))
    console.print(table)
    console.print(
        f"{ledger.revisions} revisions, {ledger.deletes} withdrawn, "
        f"{len(ledger.dead_letters)} dead letters, {ledger.failed_windows} windows failed"
    )
    console.print(_assignment_table(ledger))
    runs = ", ".join(f"{model} {count}" for model, count in sorted(ledger.runs.items()))
    console.print(
        f"{sum(ledger.runs.values())} model runs ({runs}), {ledger.kept_runs} kept; "
        f"{ledger.feedback_events} were scored by feedback"
    )
    console.print(
        f"cost ${ledger.cost:.5f} with every run paid (nominal prices); the kept answers' tokens "
        f"at the prices of the dearest model, {ledger.dearest.name}: ${ledger.dearest_cost:.5f}"
        + (f", saved {numbers['saved_paid']:.0%}" if ledger.dearest_cost > 0 else "")
    )
    console.print(f"{elapsed_s:.1f} s in all")


def figures(ledger: DemoLedger, elapsed_s: float) -> dict[str, object]:
    """The same figures for machines; costs in dollars."""
    dearest = ledger.dearest_cost
    return {
        "sentences_in": dict(ledger.sent),
        "sentences_accounted": dict(ledger.accounted),
        "sentences_recorded": dict(ledger.recorded),
        "windows": ledger.windows,
        "failed_windows": ledger.failed_windows,
        "records": {
            f"{domain}/{category}": {"records": records, "sentences": sentences}
            for (domain, category), (records, sentences) in ledger.per_category().items()
        },
        "model_runs": dict(ledger.runs),
        "kept_runs": ledger.kept_runs,
        "cost_usd": ledger.cost,
        "dearest_model": ledger.dearest.name,
        "dearest_cost_usd": dearest,
        "saved_paid": 1.0 - ledger.cost / dearest if dearest > 0 else 0.0,
        "dead_letters": len(ledger.dead_letters),
        "role_assignments": {
            key: item.primary for key, item in sorted(ledger.role_assignments.items())
        },
        "role_history": ledger.history,
        "elapsed_s": elapsed_s,
    }


def keep_lines(bootstrap_servers: str, config_path: Path) -> list[str]:
    """What to type while the demonstration is kept running."""
    return [
        "",
        "Everything is running; Ctrl-C ends it. In another terminal:",
        f"  rolestream produce FILE --domain ecommerce --stream mine "
        f"--bootstrap-servers {bootstrap_servers}",
        f"  rolestream consume --domain ecommerce --follow --bootstrap-servers {bootstrap_servers}",
        f"  rolestream status --bootstrap-servers {bootstrap_servers}",
        f"  rolestream top --bootstrap-servers {bootstrap_servers}",
        f"configuration: {config_path}",
    ]


def _assignment_table(ledger: DemoLedger) -> Table:
    table = Table("domain", "role", "model now", "how it came", title="role assignments")
    domains = sorted({item.domain for item in ledger.role_assignments.values()})
    for domain in domains:
        if not ledger.sent.get(domain):
            continue
        for role in MODEL_ROLES:
            key = f"{domain}|{role.value}"
            item = ledger.role_assignments.get(key)
            if item is not None:
                path = " -> ".join(ledger.history.get(key, [])[-5:])
                table.add_row(domain, role.value, item.primary, path)
    return table
