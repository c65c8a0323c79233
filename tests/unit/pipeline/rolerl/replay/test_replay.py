"""The replay is honest, and its report has the keys that were agreed on."""

import subprocess
import sys
import time
from pathlib import Path

import orjson
import pytest

from pipeline.errors import ConfigurationError, InvalidInputError
from pipeline.rolerl.policy import Context, Decision, Observation, Run
from pipeline.rolerl.replay.__main__ import main
from pipeline.rolerl.replay.options import ReplayOptions, parse_event, parse_window
from pipeline.rolerl.replay.report import run_replay
from pipeline.rolerl.replay.schedule import by_hardness, published_rates, schedule
from pipeline.rolerl.replay.simulate import Simulation
from pipeline.rolerl.replay.table import Line, OutcomeTable, build_table
from pipeline.rolerl.replay.world import World

KEYS = [
    "policy",
    "outcomes",
    "seeds",
    "steps",
    "window",
    "baseline",
    "quality_mean",
    "success_share",
    "saved_kept",
    "saved_paid",
    "saved_all_in",
    "saved_vs_cheapest_adequate",
    "latency_p50_s",
    "latency_p95_s",
    "runs_per_decision",
    "judgments_per_decision",
    "regret_mean",
    "slo_violation_share",
    "budget_overshoot",
    "per_role",
    "per_seed",
]


def rows(items: int = 30) -> list[tuple[str, str, str, str, Line]]:
    made = []
    for number in range(items):
        kind = number % 3
        for role in ("topic_finder", "topic_locator"):
            for model, cost, good in (("small", 0.1, kind == 0), ("big", 1.0, kind < 2)):
                line = Line(float(good), good, cost, 0.2 if model == "small" else 0.9, None)
                made.append((f"item-{number}", role, f"kind-{kind}", model, line))
    return made


@pytest.fixture
def outcomes(tmp_path: Path) -> Path:
    path = tmp_path / "table.jsonl"
    lines = [
        orjson.dumps(
            {
                "item": i,
                "role": r,
                "segment": s,
                "model": m,
                "quality": x.quality,
                "success": x.success,
                "cost_usd": x.cost_usd,
                "latency_s": x.latency_s,
            }
        )
        for i, r, s, m, x in rows()
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    return path


class Spy:
    """Runs `small` judged, then `big` unjudged, and notes all it is shown."""

    name = "spy"
    version = 0

    def __init__(self) -> None:
        self.contexts: list[Context] = []
        self.seen: list[Observation] = []

    def decide(self, context: Context) -> Decision:
        self.contexts.append(context)
        return Decision(Run("small", True), 1.0, (), (Run("big", False),))

    def update(self, observation: Observation) -> None:
        self.seen.append(observation)

    def set_arm(self, arm: object) -> None:
        """Nothing depends on it."""


def spied(outcomes: Path, judge: float | None, **more: object) -> tuple[Spy, Simulation]:
    spy = Spy()
    options = ReplayOptions(outcomes, **more)  # type: ignore[arg-type]
    simulation = Simulation(spy, World(build_table(rows()), options), options, 1)  # type: ignore[arg-type]
    simulation.run(judge)
    return spy, simulation


def test_only_what_was_run_and_judged_is_shown(outcomes: Path) -> None:
    spy, simulation = spied(outcomes, 0.05)
    by_decision: dict[str, list[Observation]] = {}
    for seen in spy.seen:
        by_decision.setdefault(seen.decision, []).append(seen)
    for observations in by_decision.values():
        first = observations[0]
        assert first.model == "small"
        assert first.success is not None
        assert (len(observations) == 2) == (first.success is False)
        for later in observations[1:]:
            assert (later.model, later.success, later.quality) == ("big", None, None)
            assert later.reward is None
    text = repr(spy.contexts)
    assert "item-" not in text
    assert "kind-" not in text
    judged = sum(trace.columns().judged_usd.sum() for trace in simulation.traces.values())
    assert judged == pytest.approx(60 * 0.05)


def test_without_a_judge_nothing_is_known_and_nothing_escalates(outcomes: Path) -> None:
    spy, _ = spied(outcomes, None)
    assert {seen.model for seen in spy.seen} == {"small"}
    assert all(seen.success is None and seen.quality is None for seen in spy.seen)


def test_the_segment_is_shown_only_on_demand(outcomes: Path) -> None:
    spy, _ = spied(outcomes, None, context_segment=True)
    assert {context.segment for context in spy.contexts} == {"kind-0", "kind-1", "kind-2"}


def test_feedback_is_late_and_free_and_as_frequent_as_told(outcomes: Path) -> None:
    spy, _ = spied(outcomes, None, feedback_rate=0.5, steps=400)
    late = [seen for seen in spy.seen if seen.late]
    assert abs(len(late) / 800 - 0.5) < 0.06
    assert all(seen.cost_usd == 0.0 and seen.quality is not None for seen in late)


@pytest.mark.parametrize("policy", ["default", "paper", "thompson"])
def test_without_judge_or_feedback_nothing_is_learnt(outcomes: Path, policy: str) -> None:
    short = run_replay(ReplayOptions(outcomes, policy=policy, steps=40))
    long = run_replay(ReplayOptions(outcomes, policy=policy, steps=600, window=40))
    assert short.means["runs_per_decision"] == pytest.approx(long.means["runs_per_decision"])


def test_the_json_has_exactly_the_agreed_keys(outcomes: Path) -> None:
    report = run_replay(ReplayOptions(outcomes, seeds=2, judge_cost_usd=0.05, steps=60))
    assert list(orjson.loads(report.as_json())) == KEYS
    assert report.baseline == "big"
    assert report.means["saved_paid"] <= report.means["saved_kept"]
    assert report.means["saved_all_in"] <= report.means["saved_paid"]
    assert set(report.per_role) == {"topic_finder", "topic_locator"}
    assert len(report.per_seed) == 2


def test_always_the_dearest_saves_nothing(outcomes: Path) -> None:
    report = run_replay(ReplayOptions(outcomes, policy="fixed"))
    assert report.means["saved_all_in"] == pytest.approx(0.0)
    assert report.means["success_share"] == pytest.approx(2 / 3)
    assert report.means["latency_p95_s"] == pytest.approx(0.9)


def test_a_broken_model_is_out_at_once_and_a_dropped_one_never_runs(outcomes: Path) -> None:
    for kind, most in (("break", 5), ("drop", 0)):
        event = parse_event(kind, "small@100")
        report = run_replay(
            ReplayOptions(outcomes, judge_cost_usd=0.01, steps=300, events=(event,))
        )
        runs = report.per_seed[0]["events"][0]["runs_of_model_after"]
        assert max(runs.values()) <= most


def test_a_new_price_is_paid(outcomes: Path) -> None:
    event = parse_event("reprice", "big=2.0@0")
    report = run_replay(ReplayOptions(outcomes, policy="fixed", events=(event,)))
    assert report.means["saved_paid"] == pytest.approx(-1.0)


def test_a_budget_is_kept(outcomes: Path) -> None:
    report = run_replay(ReplayOptions(outcomes, judge_cost_usd=0.1, steps=500, budget_usd=200.0))
    assert report.means["budget_overshoot"] <= 0.005


def test_a_latency_objective_is_kept(outcomes: Path) -> None:
    report = run_replay(
        ReplayOptions(outcomes, feedback_rate=0.5, steps=600, slo_p95_s=0.5, window=300)
    )
    assert report.means["slo_violation_share"] <= 0.02


def test_the_papers_schedule_goes_from_medium_to_blocks() -> None:
    table: OutcomeTable = build_table(rows(3))
    easy, medium, hard = by_hardness(table)
    order = list(schedule("paper", table, None, 4))
    assert len(order) == 50_000
    assert set(order[:501]) == set(medium)
    assert set(order[47_501:47_991]) == set(easy)
    assert set(order[47_991:48_501]) == set(hard)
    assert set(order[-900:]) == set(medium)


@pytest.mark.parametrize("text", ["small", "small@", "@3", "small@x", "small@-1"])
def test_a_malformed_event_shows_its_form(text: str) -> None:
    with pytest.raises(ConfigurationError, match="MODEL@STEP"):
        parse_event("drop", text)


def test_a_malformed_window_shows_its_form() -> None:
    assert parse_window("last:2500") == 2500
    with pytest.raises(ConfigurationError, match="last:N"):
        parse_window("2500")


def test_a_malformed_line_is_named(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text('{"item": "x"}\n')
    with pytest.raises(InvalidInputError, match="line 1"):
        run_replay(ReplayOptions(path))


def test_the_entry_point_reports_mistakes_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--outcomes", str(tmp_path / "none.jsonl")]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: cannot read")
    assert error.count("\n") == 1


def test_the_published_experiment_explores_at_its_end() -> None:
    assert published_rates(20_000, 50_000) == (0.03, 0.1)
    assert published_rates(47_600, 50_000) == (1.0, 0.0)
    assert published_rates(47_900, 50_000) == (0.03, 0.1)
    assert published_rates(48_200, 50_000) == (0.03, 0.1)
    assert published_rates(48_501, 50_000)[0] == 0.0
    assert published_rates(48_625, 50_000) == (pytest.approx(0.47), 0.1)
    assert published_rates(48_900, 50_000) == (1.0, 0.1)
    assert published_rates(49_999, 50_000) == (1.0, 0.1)


def test_the_paper_pays_for_challengers_beside_the_incumbent(outcomes: Path) -> None:
    options = ReplayOptions(
        outcomes, "paper", schedule="paper", steps=6000, window=2500, judge_cost_usd=0.3
    )
    report = run_replay(options)
    assert 1.2 < report.means["runs_per_decision"] < 1.5
    assert report.means["judgments_per_decision"] == report.means["runs_per_decision"]
    assert report.means["saved_kept"] - report.means["saved_paid"] > 0.1


def test_the_figures_do_not_depend_on_the_number_of_processes(outcomes: Path) -> None:
    def played(jobs: int) -> dict[str, object]:
        options = ReplayOptions(outcomes, seeds=3, steps=90, judge_cost_usd=0.05, jobs=jobs)
        return run_replay(options).as_dict()

    assert played(1) == played(2)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_killed_replay_leaves_no_process_behind(outcomes: Path) -> None:
    command = [sys.executable, "-m", "pipeline.rolerl.replay", "--outcomes", str(outcomes)]
    command += ["--seeds", "4000", "--jobs", "2", "--feedback-rate", "0.5"]
    replay = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    children = Path(f"/proc/{replay.pid}/task/{replay.pid}/children")
    deadline = time.monotonic() + 20.0
    while len(started := children.read_text().split()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.0)
    replay.kill()
    replay.wait()

    def alive(pid: str) -> bool:
        stat = Path(f"/proc/{pid}/stat")
        return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"

    while any(map(alive, started)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started
    assert not any(map(alive, started))
