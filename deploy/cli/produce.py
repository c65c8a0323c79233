"""`rolestream produce`: sends a file or standard input to the Kafka topic of a domain."""

import io
import re
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
import orjson
from confluent_kafka import KafkaError
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn
from rich.text import Text

from agents.reachability import Reachability, quiet
from agents.refusals import not_done
from deploy.cli.cluster import (
    checked_domain,
    cluster_options,
    kafka_settings,
    reader_settings,
    require_kafka_topic,
)
from deploy.cli.failure import Failure, told_plainly
from deploy.cli.feed_source import FeedSource, is_url
from deploy.cli.production import Production
from deploy.cli.production_summary import sentence_of, summary_of
from deploy.cli.sender import Pace, Sender
from deploy.cli.stop_signals import Stopped, stop_signals
from deploy.cli.stream_tail import MAX_MESSAGES, StreamTails
from deploy.cli.visible_text import visible_json, visible_line
from deploy.ingest.formats import InputFormat
from deploy.ingest.lines import Fault
from deploy.ingest.reader import Entry, Input, read_messages
from pipeline.errors import ConfigurationError, InvalidInputError, RetryableError
from schemas.catalogue import raw_kafka_topic

BUFFER_BYTES = 64 * 1024
MAX_STREAM_CHARS = 200

_LANG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,4}")

_HELP = f"""Send FILE ("-" is standard input) to Kafka, one sentence or caption a message.

    FILE is plain text (split into sentences), JSON lines of RawText, JSON lines of
    {{"id", "text"}}, SubRip, WebVTT, or an RSS or Atom feed, which may also be an address (http or
    https). Every entry of a feed is a stream; one that is corrected later is a new stream.

    The format follows from the file's suffix or, failing that, from its first bytes. Plain text
    whose lines look wrapped at a width is read as prose, in which only a blank line ends a
    paragraph; else a line break ends a sentence.

    Run again after a crash, the command goes on behind the last sentence that Kafka has of the
    stream; nothing is sent twice. It finds that sentence among the latest {MAX_MESSAGES}
    messages of each partition. A different input for the same stream is noticed by its text and
    refused: --append sends it behind what is there.

    Exit status: 0 done, 1 a sentence was not delivered, 2 a mistake in the input or the options.
    """


@click.command(help=_HELP)
@click.argument("file")
@click.option("--domain", required=True, help="Domain whose Kafka topic, raw-DOMAIN, it goes to.")
@click.option("--stream", "stream_id", help="Stream id; RawText lines have their own.")
@click.option("--lang", help="Language of the text (en, zh, ru, ...); by its script if left out.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Sentences a second; as fast as Kafka takes them if left out.",
)
@click.option(
    "--format",
    "wanted",
    type=click.Choice([form.value for form in InputFormat]),
    help="Format of FILE, if its name does not tell.",
)
@click.option(
    "--end/--no-end", default=True, help="Mark the end of the stream after its last sentence."
)
@click.option(
    "--resume/--no-resume", default=True, help="Go on behind what Kafka has, or send everything."
)
@click.option("--append", is_flag=True, help="Number the sentences on behind what Kafka has.")
@click.option(
    "--every",
    "every_s",
    type=click.FloatRange(min=1),
    metavar="SECONDS",
    help="Fetch a feed again so often, and send what is new; for ever.",
)
@click.option("--skip-bad", is_flag=True, help="Leave bad lines out, each with a warning.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON.")
@cluster_options
def produce(
    file: str,
    domain: str,
    stream_id: str | None,
    lang: str | None,
    rate: float | None,
    wanted: str | None,
    end: bool,
    resume: bool,
    append: bool,
    every_s: float | None,
    skip_bad: bool,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Send an input to Kafka; the help text of the command says how."""
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    with told_plainly():
        feed = _feed(file, every_s)
    with told_plainly(), _opened(file, feed) as source:
        domain = checked_domain(domain)
        _check_options(stream_id, lang, append, resume)
        data = Input.of(source, _name(file), _wanted(wanted, feed))
        if stream_id is None and not data.format.names_streams:
            raise ConfigurationError(f"{data.name} names no stream: give --stream ID")
        if append and data.format.names_streams:
            raise ConfigurationError(
                "--append: JSON lines bring their own seq (if they do not: --format id-jsonl)"
            )
        kafka = kafka_settings(bootstrap_servers, config_path)
        kafka_topic, settings = kafka.named(raw_kafka_topic(domain)), kafka.client_settings()
        reachability = Reachability()

        def refusal(doing: str, error: KafkaError) -> str:
            return not_done(doing, reachability.cause(error), kafka)

        sender = Sender(quiet(settings, reachability), kafka_topic, refusal)
        partitions = require_kafka_topic(reachability, sender.producer, kafka, kafka_topic)
        tails = None
        if resume or append:
            read_settings = reader_settings(settings, Reachability())
            tails = StreamTails(read_settings, kafka_topic, partitions, refusal=refusal)

        def warn(text: str) -> None:
            console.print(Text(f"warning: {visible_line(text)}"))

        production = Production(
            sender,
            Pace(rate, time.monotonic, sender.wait),
            tails,
            name=data.name,
            append=append,
            end=end,
            skip_bad=skip_bad,
            warn=warn,
        )
        started_s = time.monotonic()

        def messages(current: Input) -> Iterator[Entry | Fault]:
            return read_messages(current, stream_id, lang)

        batches: Iterable[Iterator[Entry | Fault]] = [messages(data)]
        if feed is not None:
            batches = feed.batches(data, messages, every_s, sender.wait, warn)
        stopped = _send_all(production, sender, data, batches, console)
        summary = summary_of(production, sender, kafka_topic, time.monotonic() - started_s)
    if as_json:
        click.echo(visible_json(orjson.dumps(summary).decode()))
    else:
        console.print(Text(sentence_of(summary)))
    if stopped is not None:
        console.print(Text(f"stopped by {stopped}: the same command again goes on from here"))
        sys.exit(stopped.exit_status)


def _send_all(
    production: Production,
    sender: Sender,
    data: Input,
    batches: Iterable[Iterator[Entry | Fault]],
    console: Console,
) -> Stopped | None:
    """Send everything and wait for the brokers; returns the signal that cut it short, if any."""
    stopped = None
    with _bar(console, data) as progress:
        task = progress.task_ids[0]

        def show() -> None:
            progress.update(task, delivered=sender.delivered, completed=_position(data.source))

        try:
            with stop_signals():
                for batch in batches:
                    for _ in production.run(batch):
                        show()
        except Stopped as signal_received:
            stopped = signal_received
        except InvalidInputError as error:
            sender.finish(show)
            raise InvalidInputError(f"{error}{_so_far(sender)}") from None
        except RetryableError as error:
            raise Failure(
                f"{error}{_so_far(sender)}; the same command again goes on from there"
            ) from None
        try:
            sender.finish(show)
        except RetryableError as error:
            raise Failure(
                f"{error}{_so_far(sender)}; the same command again goes on from there"
            ) from None
    return stopped


def _feed(file: str, every_s: float | None) -> FeedSource | None:
    if is_url(file):
        return FeedSource(file)
    if every_s is not None:
        raise ConfigurationError(f"--every is for the address of a feed, and {file} is a file")
    return None


def _so_far(sender: Sender) -> str:
    return f" ({sender.delivered} sent before it)" if sender.delivered else ""


def _check_options(stream_id: str | None, lang: str | None, append: bool, resume: bool) -> None:
    if stream_id is not None and not 0 < len(stream_id) <= MAX_STREAM_CHARS:
        raise ConfigurationError(f"--stream: an id has 1 to {MAX_STREAM_CHARS} characters")
    if lang is not None and not _LANG.fullmatch(lang):
        raise ConfigurationError(f"--lang {lang!r}: give a language code such as en, zh or ru")
    if append and not resume:
        raise ConfigurationError("--append must look at what Kafka has: drop --no-resume")


@contextmanager
def _opened(file: str, feed: FeedSource | None) -> Iterator[io.BufferedReader]:
    if feed is not None:
        fetched = feed.fetch()
        if fetched is None:
            raise RetryableError(f"{file} says that it has not changed before it was read once")
        with fetched:
            yield fetched
        feed.close()
        return
    try:
        raw = io.FileIO(sys.stdin.fileno(), closefd=False) if file == "-" else io.FileIO(file)
    except OSError as error:
        raise ConfigurationError(f"cannot read {file}: {error.strerror}") from None
    source: io.BufferedReader = io.BufferedReader(raw, BUFFER_BYTES)
    with source:
        yield source


def _wanted(name: str | None, feed: FeedSource | None) -> InputFormat | None:
    if feed is not None:
        return InputFormat.FEED
    return InputFormat(name) if name else None


def _name(file: str) -> str:
    return "standard input" if file == "-" else file


def _position(source: io.BufferedReader) -> int:
    return source.tell() if source.seekable() else 0


def _bar(console: Console, data: Input) -> Progress:
    size = None
    if data.source.seekable():
        here = data.source.tell()
        size = data.source.seek(0, io.SEEK_END)
        data.source.seek(here)
    progress = Progress(
        TextColumn("{task.fields[delivered]} sentences"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    progress.add_task("produce", total=size, delivered=0)
    return progress
