"""A report page as plain parts, and how it is written as Markdown and as one HTML file.

Text of streams and of models stays text: nothing in it becomes markup, a link or a script.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#|&~$!:])")
_STYLE = (
    "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}"
    "table{border-collapse:collapse;margin:.7rem 0 1.5rem}"
    "th,td{border:1px solid #ccc;padding:.2rem .5rem;text-align:left;vertical-align:top}"
    "th{background:#f2f2f2}tr.marked td{background:#fff3d6}"
    "@media(prefers-color-scheme:dark){body{background:#161616;color:#ddd}"
    "th{background:#2a2a2a}tr.marked td{background:#4a3b12}th,td{border-color:#555}}"
)


@dataclass(frozen=True)
class Heading:
    """A heading; `level` counts from 1."""

    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    """A line of text."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table of text cells; rows in `marked` (by index) stand out."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    marked: frozenset[int] = frozenset()


Part = Heading | Paragraph | Table


def as_markdown(parts: Sequence[Part]) -> str:
    """The page in Markdown (tables as GitHub writes them); marked rows begin with an arrow."""
    return "\n\n".join(_markdown(part) for part in parts) + "\n"


def as_html(title: str, parts: Sequence[Part]) -> str:
    """The page as one HTML file that loads nothing and runs no script."""
    body = "\n".join(_html(part) for part in parts)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta http-equiv="Content-Security-Policy" '
        "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_escaped(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f"{body}\n</body>\n</html>\n"
    )


def _markdown(part: Part) -> str:
    match part:
        case Heading(level, text):
            return f"{'#' * level} {_quoted(text)}"
        case Paragraph(text):
            return _quoted(text)
        case Table(header, rows, marked):
            head = [_row(header), _row(("---",) * len(header), raw=True)]
            body = [
                _row((f"→ {row[0]}", *row[1:]) if index in marked else row)
                for index, row in enumerate(rows)
            ]
            return "\n".join(head + body)


def _row(cells: tuple[str, ...], raw: bool = False) -> str:
    return f"| {' | '.join(cell if raw else _quoted(cell) for cell in cells)} |"


def _html(part: Part) -> str:
    match part:
        case Heading(level, text):
            return f"<h{level}>{_escaped(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{_escaped(text)}</p>"
        case Table(header, rows, marked):
            head = "".join(f"<th>{_escaped(cell)}</th>" for cell in header)
            body = "\n".join(
                f"<tr{' class=marked' if index in marked else ''}>"
                + "".join(f"<td>{_escaped(cell)}</td>" for cell in row)
                + "</tr>"
                for index, row in enumerate(rows)
            )
            return f"<table>\n<tr>{head}</tr>\n{body}\n</table>"


def _quoted(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", _visible(text))


def _escaped(text: str) -> str:
    return html.escape(_visible(text))


def _visible(text: str) -> str:
    """Characters that cannot be seen become escapes, as they could hide or reorder others."""
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
        for c in text
    )
