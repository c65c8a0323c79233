"""Links of every document lead somewhere, and its commands are ones the command line takes."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from deploy.cli.main import main

ROOT = Path(__file__).parents[3]
ROOMS = ("", "agents", "deploy", "docs", "examples", "pipeline", "schemas", "tests")
DOCUMENTS = sorted(
    path
    for room in ROOMS
    for path in (ROOT.glob("*.md") if not room else (ROOT / room).rglob("*.md"))
    if "node_modules" not in path.parts
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
TARGET = re.compile(r"(?:`|^)make ([a-z-]+)(?![a-z/-])", re.MULTILINE)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")


def broken_links(path: Path) -> Iterator[str]:
    for link in LINK.findall(FENCE.sub("", path.read_text(encoding="utf-8"))):
        if "://" in link or link.startswith("mailto:"):
            continue
        place, _, part = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        if not target.exists() or (
            part
            and part
            not in {
                anchor(heading) for heading in HEADING.findall(target.read_text(encoding="utf-8"))
            }
        ):
            yield link


def shell_lines(text: str) -> Iterator[str]:
    """Lines of shell blocks, indented command lines, and code in the text that is a command."""
    for language, block in FENCE.findall(text):
        if language in ("sh", "bash", "shell"):
            yield from block.replace("\\\n", " ").splitlines()
    prose = FENCE.sub("", text).replace("\\\n", " ")
    yield from re.findall(r"^ {4}(rolestream .*)$", prose, re.MULTILINE)
    yield from (code.replace("\n", " ") for code in re.findall(r"`(rolestream [^`]+)`", prose))


def arguments(line: str) -> list[str] | None:
    """The words after `rolestream`, without comments, brackets and what follows a pipe."""
    found = re.search(r"(?:^|\s)rolestream\s+(.*)", line)
    if found is None or line.lstrip().startswith(("pip", "#", "docker")):
        return None
    words = shlex.split(found[1].replace("[", " ").replace("]", " "), comments=True)
    for stop in ("|", "&&", ">", "...", "<"):
        if stop in words:
            words = words[: words.index(stop)]
    return [word for word in words if not re.search(r"\.\.\.$|\s{2}", word)]


def refusal(words: list[str]) -> str | None:
    """Why the command line would not take these words; None if it would."""
    command: click.Command = main
    context = click.Context(main)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        found = command.get_command(context, words[0].split("|")[0])
        if found is None:
            return f"there is no {' '.join([command.name or '', words[0]])}"
        command, words = found, words[1:]
        context = click.Context(command, parent=context)
    try:
        command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return error.format_message()
    return None


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_links_lead_somewhere(path: Path) -> None:
    assert list(broken_links(path)) == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=name)
def test_commands_are_taken(path: Path) -> None:
    asked = [(line, arguments(line)) for line in shell_lines(path.read_text(encoding="utf-8"))]
    refused = {line: refusal(words) for line, words in asked if words}
    assert {line: why for line, why in refused.items() if why} == {}


def test_make_targets_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for path in DOCUMENTS:
        asked = set(TARGET.findall(path.read_text(encoding="utf-8")))
        assert asked <= targets, name(path)


def test_the_checks_can_fail(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Here\n[a](#here) [b](#gone) [c](nowhere.md)\n", encoding="utf-8")
    assert list(broken_links(page)) == ["#gone", "nowhere.md"]
    assert arguments("$ x && rolestream consume --domain news | head") == [
        "consume", "--domain", "news",
    ]  # fmt: skip
    assert refusal(["consume", "--dumain", "news"])
    assert refusal(["models", "ad"])
    assert refusal(["policy", "show", "--domain", "news"]) is None
