"""Gold windows: labels in one folder over sentences in another, read with care for what is off."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from pipeline.errors import InvalidInputError
from pipeline.language import primary_language

FILLER = "other"
"""A label that stands for no category."""

Report = Callable[[str], None]
"""Takes one line about what was left out."""

_LANGUAGES = {"cn": "zh"}


@dataclass(frozen=True)
class GoldSubject:
    """A subject as the gold has it; `sentences` and `span` are places in the window, from 1.

    `span` is the presentation, both ends included; a passing mention may lie outside it.
    """

    names: tuple[str, ...]
    sentences: frozenset[int]
    span: tuple[int, int]


@dataclass(frozen=True)
class Label:
    """A sentence's category and what holds as well; None: no category of the domain."""

    category: str | None
    also: frozenset[str]
    may_be_filler: bool


@dataclass(frozen=True)
class GoldWindow:
    """Consecutive sentences, what they are about and their labels by place (from 1).

    `name` is language folder and file stem.
    """

    name: str
    lang: str
    texts: tuple[str, ...]
    subjects: tuple[GoldSubject, ...]
    labels: dict[int, Label]


Id = int | str


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore")


class _Topic(_Read):
    name: str = Field(min_length=1)
    aliases: tuple[str, ...] = ()
    first_id: Id | None = None
    last_id: Id | None = None
    sentence_ids: tuple[Id, ...] = ()


class _Label(_Read):
    id: Id
    category: str
    also: tuple[str, ...] = ()


class _Gold(_Read):
    lang: str = Field(min_length=1)
    stream: str = Field(min_length=1)
    sentence_ids: tuple[Id, ...]
    topics: tuple[_Topic, ...] = ()
    labels: tuple[_Label, ...] = ()


class _Line(_Read):
    id: Id
    text: str


_LINE = TypeAdapter(_Line)


def read_gold(
    gold: Path,
    text: Path,
    categories: Iterable[str],
    langs: frozenset[str],
    report: Report,
) -> tuple[GoldWindow, ...]:
    """The windows of folder `gold` in the languages `langs` (all if empty), by name.

    The text is `<text>/<lang>/<stream>.jsonl`, or `<text>/<stream>.jsonl`. A window that cannot be
    read, or a label that is no category, is left out with a line to `report`. Raises
    InvalidInputError if nothing is left.
    """
    for folder, option in ((gold, "--gold"), (text, "--text")):
        if not folder.is_dir():
            raise InvalidInputError(f"{option}: there is no folder {folder}")
    known = frozenset(categories)
    windows = []
    for path in sorted(gold.rglob("*.json")):
        name = path.relative_to(gold).with_suffix("").as_posix()
        try:
            window = _window(name, path, text, known, langs, report)
        except InvalidInputError as error:
            report(f"{name} is left out: {error}")
            continue
        if window is not None:
            windows.append(window)
    if not windows:
        wanted = f" in {', '.join(sorted(langs))}" if langs else ""
        raise InvalidInputError(f"--gold: no window{wanted} in {gold} can be used")
    return tuple(windows)


def language_of(tag: str) -> str:
    """The language code of a gold file's `lang`; `cn` is taken for `zh`."""
    primary = primary_language(tag)
    return _LANGUAGES.get(primary, primary)


def _window(
    name: str,
    path: Path,
    text: Path,
    categories: frozenset[str],
    langs: frozenset[str],
    report: Report,
) -> GoldWindow | None:
    try:
        file = _Gold.model_validate_json(path.read_bytes())
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"]) or "the file"
        raise InvalidInputError(f"{path}: {where}: {first['msg']}") from None
    lang = language_of(file.lang)
    if langs and lang not in langs:
        return None
    spoken = _sentences(text, file.lang, file.stream)
    missing = [str(number) for number in file.sentence_ids if number not in spoken]
    if missing:
        raise InvalidInputError(f"sentence {missing[0]} is not in the text of {file.stream}")
    if len(set(file.sentence_ids)) < len(file.sentence_ids) or not file.sentence_ids:
        raise InvalidInputError("sentence_ids must name at least one sentence, each once")
    place = {number: n for n, number in enumerate(file.sentence_ids, start=1)}
    strange = {x.category for x in file.labels} - categories - {FILLER}
    if strange and not {x.category for x in file.labels} & categories:
        raise InvalidInputError(
            f"none of its categories is the domain's (it has {', '.join(sorted(strange)[:3])}); "
            "choose another --domain"
        )
    for category in sorted(strange):
        report(f"{name}: {category!r} is no category of the domain; counted as no category")
    return GoldWindow(
        name=name,
        lang=lang,
        texts=tuple(spoken[number] for number in file.sentence_ids),
        subjects=tuple(_subject(topic, place, name, report) for topic in file.topics),
        labels={
            place[label.id]: Label(
                category=label.category if label.category in categories else None,
                also=frozenset(label.also) & categories - {label.category},
                may_be_filler=label.category not in categories or FILLER in label.also,
            )
            for label in file.labels
            if label.id in place
        },
    )


def _subject(topic: _Topic, place: dict[Id, int], name: str, report: Report) -> GoldSubject:
    inside = sorted(place[number] for number in topic.sentence_ids if number in place)
    if len(inside) < len(topic.sentence_ids):
        report(f"{name}: {topic.name!r} names sentences outside the window; they are not counted")
    ends = (topic.first_id, topic.last_id)
    first, last = (place[end] if end is not None and end in place else None for end in ends)
    first = first if first is not None else (inside[0] if inside else 1)
    last = last if last is not None else (inside[-1] if inside else first)
    return GoldSubject(
        names=(topic.name, *topic.aliases),
        sentences=frozenset(inside),
        span=(min(first, last), max(first, last)),
    )


def _sentences(text: Path, lang: str, stream: str) -> dict[Id, str]:
    if Path(stream).name != stream or Path(lang).name != lang:
        raise InvalidInputError(f"{lang!r} and {stream!r} must be plain names")
    places = [text / lang / f"{stream}.jsonl", text / f"{stream}.jsonl"]
    path = next((place for place in places if place.is_file()), None)
    if path is None:
        raise InvalidInputError(f"its text is missing: there is no {places[0]}")
    spoken: dict[Id, str] = {}
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"cannot read {path}: {error}") from None
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                read = _LINE.validate_json(line)
            except ValidationError:
                raise InvalidInputError(
                    f'{path}:{number} is not {{"id": ..., "text": ...}}'
                ) from None
            spoken[read.id] = read.text
    return spoken
