"""`rolestream dead-letters list | show | replay`: what could not be processed, and another try."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click

from deploy.cli.cluster import cluster_options, kafka_settings
from deploy.cli.dead_letter_box import DeadLetterBox, StoredLetter
from deploy.cli.failure import told_plainly
from deploy.cli.visible_text import visible, visible_json, visible_line
from pipeline.errors import ConfigurationError, InvalidInputError

Command = TypeVar("Command", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def _filters(command: Command) -> Command:
    for option in (
        click.option("--since", help="Only those since then: 30m, 2h, 7d, or 2026-01-31T12:00."),
        click.option("--role", help="Only those of this role, such as topic-finder."),
        click.option("--kind", help="Only those of this kind, such as invalid."),
    ):
        command = option(command)
    return command


@click.group(name="dead-letters")
def dead_letters() -> None:
    """See the messages that could not be processed, and send them again."""


@dead_letters.command(name="list")
@_filters
@_JSON
@cluster_options
def list_letters(
    kind: str | None,
    role: str | None,
    since: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """List dead letters, oldest first, with their names and causes."""
    with told_plainly():
        box = DeadLetterBox(kafka_settings(bootstrap_servers, config_path))
        chosen = _chosen(box.letters(), kind, role, since)
    if as_json:
        click.echo(visible_json(json.dumps([_as_json(item) for item in chosen])))
        return
    for item in chosen:
        click.echo(_line(item))
    kinds = Counter(item.letter.error.kind for item in chosen)
    total = ", ".join(f"{visible_line(name)} {count}" for name, count in kinds.most_common())
    click.echo(f"{len(chosen)} dead letters" + (f": {total}" if total else ""))


@dead_letters.command()
@click.argument("name")
@_JSON
@cluster_options
def show(name: str, as_json: bool, bootstrap_servers: str | None, config_path: Path | None) -> None:
    """Show one dead letter with its message; NAME is KAFKA_TOPIC/PARTITION/OFFSET."""
    with told_plainly():
        box = DeadLetterBox(kafka_settings(bootstrap_servers, config_path))
        item = _named(box.letters(), [name])[0]
    if as_json:
        click.echo(visible_json(json.dumps({**_as_json(item), "text": _text(item)})))
        return
    click.echo(_line(item))
    if item.letter.replayed_from is not None:
        click.echo(f"replayed from {item.letter.replayed_from.place}")
    click.echo(visible(_text(item)))


@dead_letters.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@_filters
@click.option("--all", "everything", is_flag=True, help="All that were not replayed yet.")
@click.option("--again", is_flag=True, help="Also those that were replayed before.")
@click.option("--dry-run", is_flag=True, help="Only say what would be sent.")
@_JSON
@cluster_options
def replay(
    names: tuple[str, ...],
    kind: str | None,
    role: str | None,
    since: str | None,
    everything: bool,
    again: bool,
    dry_run: bool,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Send dead letters to where they came from, each once however often this is run.

    Name them, choose them with --kind, --role and --since, or take --all. Ids are derived from the
    message, so what was done before is not done twice. A message that fails again becomes a new
    dead letter that says where it first lay.
    """
    with told_plainly():
        if not (names or kind or role or since or everything):
            raise ConfigurationError("say which: NAME..., --kind, --role, --since or --all")
        box = DeadLetterBox(kafka_settings(bootstrap_servers, config_path))
        letters = box.letters()
        chosen = _chosen(_named(letters, names) if names else letters, kind, role, since)
        due = [item for item in chosen if again or item.replayed_at is None]
        cut = [item for item in due if item.letter.truncated]
        sent = [item for item in due if not item.letter.truncated]
        if not dry_run and sent:
            box.replay([item.letter for item in sent], datetime.now(UTC))
    result = {
        "replayed": [item.name for item in sent],
        "replayed_before": [item.name for item in chosen if item not in due],
        "too_long_to_keep": [item.name for item in cut],
        "dry_run": dry_run,
    }
    if as_json:
        click.echo(visible_json(json.dumps(result)))
        return
    verb = "would send" if dry_run else "sent"
    click.echo(f"{verb} {len(sent)} again, {len(chosen) - len(due)} were replayed before")
    for item in cut:
        click.echo(f"{item.name}: too long, only its beginning was kept: not sent", err=True)


def _chosen(
    letters: Sequence[StoredLetter], kind: str | None, role: str | None, since: str | None
) -> list[StoredLetter]:
    begin = None if since is None else _moment(since)
    slug = None if role is None else role.replace("_", "-")
    return [
        item
        for item in letters
        if (kind is None or item.letter.error.kind == kind)
        and (slug is None or (item.letter.error.role or "").replace("_", "-") == slug)
        and (begin is None or item.letter.at >= begin)
    ]


def _named(letters: Sequence[StoredLetter], names: Sequence[str]) -> list[StoredLetter]:
    by_name = {item.name: item for item in letters}
    missing = [name for name in names if name not in by_name]
    if missing:
        raise InvalidInputError(
            f"there is no dead letter {missing[0]!r}: see rolestream dead-letters list"
        )
    return [by_name[name] for name in names]


def _moment(since: str) -> datetime:
    number, unit = since[:-1], since[-1:]
    if number.isdecimal() and unit in _UNITS:
        return datetime.now(UTC) - timedelta(**{_UNITS[unit]: int(number)})
    try:
        moment = datetime.fromisoformat(since)
    except ValueError:
        raise ConfigurationError(
            f"--since {since!r}: give a time such as 30m, 2h, 7d or 2026-01-31T12:00"
        ) from None
    return moment if moment.tzinfo is not None else moment.astimezone()


def _line(item: StoredLetter) -> str:
    letter = item.letter
    done = "" if item.replayed_at is None else f"  (replayed {item.replayed_at:%Y-%m-%d %H:%M})"
    text = (
        f"{item.name}  {letter.at.isoformat(timespec='seconds')}  {letter.error.kind}  "
        f"{letter.error.role or '-'}  after {letter.attempts}: {letter.error.message}{done}"
    )
    return visible_line(text)


def _text(item: StoredLetter) -> str:
    value = item.letter.original().decode("utf-8", "backslashreplace")
    try:
        return json.dumps(json.loads(value), indent=2, ensure_ascii=False)
    except ValueError:
        return value


def _as_json(item: StoredLetter) -> dict[str, Any]:
    replayed = None if item.replayed_at is None else item.replayed_at.isoformat()
    return {"name": item.name, **item.letter.model_dump(mode="json"), "replayed_at": replayed}
