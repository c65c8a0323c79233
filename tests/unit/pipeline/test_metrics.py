"""The list of metrics in the documentation is the list in the code."""

import re
from pathlib import Path

import prometheus_client
import pytest

from pipeline import metrics

DOCUMENT = Path(__file__).parents[3] / "docs" / "metrics.md"
ROW = re.compile(r"^\| `(\w+)` \| (\w+) \| ([\w ]+) \| ([^|]*) \| (.+) \|$", re.MULTILINE)
KINDS = (prometheus_client.Counter, prometheus_client.Gauge, prometheus_client.Histogram)
Metric = prometheus_client.Counter | prometheus_client.Gauge | prometheus_client.Histogram
UNITS = {"seconds": "seconds", "usd": "US dollars", "messages": "messages"}


def declared() -> dict[str, Metric]:
    found = [value for value in vars(metrics).values() if isinstance(value, KINDS)]
    return {metric.describe()[0].name: metric for metric in found}


def documented() -> dict[str, tuple[str, str, tuple[str, ...]]]:
    rows = ROW.findall(DOCUMENT.read_text(encoding="utf-8"))
    return {
        name.removesuffix("_total"): (kind, unit, tuple(re.findall(r"`(\w+)`", labels)))
        for name, kind, unit, labels, _ in rows
    }


def test_the_lists_agree() -> None:
    assert set(documented()) == set(declared())


@pytest.mark.parametrize("name", sorted(declared()))
def test_kind_and_labels_agree(name: str) -> None:
    metric = declared()[name]
    kind, _, labels = documented()[name]
    assert kind == type(metric).__name__.lower()
    assert labels == metric._labelnames


@pytest.mark.parametrize("name", sorted(declared()))
def test_names_carry_their_unit(name: str) -> None:
    _, unit, _ = documented()[name]
    assert name.startswith("rolestream_")
    ending = name.rpartition("_")[2]
    assert UNITS.get(ending, unit) == unit


def test_no_label_holds_what_a_stream_says() -> None:
    unbounded = {"stream_id", "stream", "subject", "text", "window_id", "record_id", "partition"}
    for name, metric in declared().items():
        assert not unbounded & set(metric._labelnames), name
