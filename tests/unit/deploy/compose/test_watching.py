"""Dashboards and alerts ask only for metrics that exist, and every alert is explained."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

import pipeline.metrics
from deploy.compose import __file__ as here

DEPLOY = Path(here).parents[1]
DASHBOARDS = sorted((DEPLOY / "grafana" / "dashboards").glob("*.json"))
RULES = yaml.safe_load((DEPLOY / "prometheus" / "rules.yml").read_text(encoding="utf-8"))
ALERTS = [rule for group in RULES["groups"] for rule in group["rules"]]
NOT_OURS = {"up", "process_resident_memory_bytes"}
WORD = re.compile(r"\b(?:rolestream_\w+|process_\w+|up)\b")


def known() -> set[str]:
    assert pipeline.metrics
    names = set(NOT_OURS)
    for metric in REGISTRY.collect():
        if metric.type == "histogram":
            names |= {f"{metric.name}{suffix}" for suffix in ("_bucket", "_count", "_sum")}
        names.add(metric.name + ("_total" if metric.type == "counter" else ""))
    return names


def metrics_in(expression: str) -> set[str]:
    bare = re.sub(r'"[^"]*"', "", expression)
    return set(WORD.findall(re.sub(r"\bby \([^)]*\)", "", bare)))


def queries(path: Path) -> list[str]:
    panels: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["panels"]
    return [target["expr"] for panel in panels for target in panel.get("targets", ())]


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_asks_only_for_metrics_that_exist(path: Path) -> None:
    asked = {name for query in queries(path) for name in metrics_in(query)}
    assert asked
    assert asked - known() == set()


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_an_alert_asks_only_for_metrics_that_exist(rule: dict[str, Any]) -> None:
    asked = metrics_in(rule["expr"])
    assert asked
    assert asked - known() == set()


def test_what_must_be_seen_is_on_a_dashboard() -> None:
    shown = {name for path in DASHBOARDS for query in queries(path) for name in metrics_in(query)}
    assert shown >= {
        "rolestream_lag_messages",
        "rolestream_model_runs_total",
        "rolestream_model_latency_seconds_bucket",
        "rolestream_model_cost_usd_total",
        "rolestream_dearest_model_cost_usd_total",
        "rolestream_breaker_state",
        "rolestream_dead_letters_total",
        "rolestream_budget_left_usd",
    }


def test_panels_have_titles_of_their_own_and_do_not_overlap() -> None:
    for path in DASHBOARDS:
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        titles = [panel["title"] for panel in panels]
        assert len(set(titles)) == len(titles)
        taken: set[tuple[int, int]] = set()
        for place in (panel["gridPos"] for panel in panels):
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken
            assert max(x for x, _ in cells) < 24
            taken |= cells


@pytest.mark.parametrize("rule", ALERTS, ids=lambda rule: rule["alert"])
def test_every_alert_has_a_severity_and_is_explained(rule: dict[str, Any]) -> None:
    assert rule["labels"]["severity"] in ("page", "ticket")
    assert f"`{rule['alert']}`" in (DEPLOY / "README.md").read_text(encoding="utf-8")
