"""`rolestream eval`: scores the whole pipeline, or the sorting of single sentences."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from deploy.cli.eval_best import best_mix
from deploy.cli.eval_play import Setting, play, sort
from deploy.cli.eval_pool import embedded_models, quick_models, without_kafka
from deploy.cli.eval_rows import Row, rows_of
from deploy.cli.eval_samples import role_priors, sample_windows
from deploy.cli.eval_show import as_json, note, progress, sentences_summary, windows_summary
from deploy.cli.failure import told_plainly
from deploy.cli.stop_signals import Stopped, stop_signals
from pipeline.clock import SystemClock
from pipeline.config import load_config
from pipeline.domains import load_domains, select_domains
from pipeline.errors import InvalidInputError
from pipeline.evaluation.figures import figures
from pipeline.evaluation.gold import GoldWindow, language_of, read_gold
from pipeline.evaluation.labelled import read_labelled, score_labelled
from pipeline.evaluation.page import as_html, as_markdown
from pipeline.evaluation.report import report
from pipeline.evaluation.run import People, WindowResult

_WEIGHTS = Path.home() / ".cache" / "rolestream" / "weights"
_PATH = click.Path(path_type=Path)
PRIORS = "priors"
"""Instead of arms: what the samples say of each arm in each role."""
BEST = "best"
"""Instead of arms: those that are best on the windows themselves, an upper bound."""
_DOMAINS = {"windows": "ecommerce", "sentences": "news"}


@click.command("eval")
@click.option("--task", type=click.Choice(list(_DOMAINS)), default="windows", show_default=True)
@click.option("--gold", type=_PATH, help="Folder of gold windows.")
@click.option("--text", type=_PATH, help="Folder of the sentences they label.")
@click.option("--samples", is_flag=True, help="The shipped sample streams instead of --gold.")
@click.option("--labels", type=_PATH, help="JSON lines of labelled sentences.")
@click.option("--text-field", default="text", show_default=True)
@click.option("--label-field", default="label", show_default=True)
@click.option("--limit", type=click.IntRange(min=1), help="Draw so many of the sentences.")
@click.option("--arms", help="Each alone: A,B,... A mix: role=arm,... Or: best, priors.")
@click.option("--policy", help="Let a policy cast the pool, learning as it goes.")
@click.option("--pool", help="Arms the policy may cast; the quick embedded ones if left out.")
@click.option("--lang", help="Only these languages: en,zh.")
@click.option("--domain", help="ecommerce for windows and news for sentences if left out.")
@click.option("--config", "config_path", type=_PATH, help="Take models and domains from there.")
@click.option("--passes", type=click.IntRange(1, 1000), default=1, show_default=True)
@click.option(
    "--feedback-rate",
    type=click.FloatRange(0, 1),
    default=0.0,
    show_default=True,
    help="Share of windows that people correct; what they say is taken from the gold.",
)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--weights", type=_PATH, default=_WEIGHTS, help="Weights of the larger models.")
@click.option("--report", "report_folder", type=_PATH, help="Write report.md and report.html.")
@click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")
def evaluate(
    task: str, arms: str | None, policy: str | None, json_wanted: bool, **given: Any
) -> None:
    """Score the whole pipeline against gold labels (docs/evaluation.md)."""
    if arms is not None and policy is not None:
        raise click.UsageError("give --arms or --policy, not both")
    try:
        with stop_signals(), told_plainly():
            setting = _setting(given, given["domain"] or _DOMAINS[task])
            rows: tuple[Row, ...] = ()
            if arms not in (BEST, PRIORS) or task != "windows":
                rows = rows_of(arms, policy, _pool(given, setting), setting.config.models)
            if arms == PRIORS and task == "windows":
                pool = _pool(given, setting)
                click.echo(json.dumps(role_priors(pool, setting, _labelled(given, setting), note)))
                return
            if task == "windows":
                told = _windows(rows, setting, given, json_wanted)
                summary = windows_summary
            else:
                told = _sentences(rows, setting, given, json_wanted)
                summary = sentences_summary
    except Stopped as stopped:
        raise SystemExit(stopped.exit_status) from None
    click.echo(as_json(told) if json_wanted else summary(told))


def _setting(given: Mapping[str, Any], domain: str) -> Setting:
    config_path: Path | None = given["config_path"]
    config = load_config(config_path) if config_path else without_kafka(embedded_models())
    return Setting(
        config=config,
        embedded=config_path is None,
        domain=select_domains(load_domains(config.domains.files), (domain,))[domain],
        weights=given["weights"],
        clock=SystemClock(),
        passes=given["passes"],
        people=People(given["feedback_rate"], given["seed"]),
        seed=given["seed"],
    )


def _pool(given: Mapping[str, Any], setting: Setting) -> Sequence[str]:
    if given["pool"]:
        return [part.strip() for part in given["pool"].split(",") if part.strip()]
    if setting.embedded:
        return quick_models()
    return [
        arm.name
        for model in setting.config.models
        for arm in (model, *model.variants)
        if model.works
    ]


def _windows(
    rows: Sequence[Row], setting: Setting, given: Mapping[str, Any], silent: bool
) -> dict[str, dict[str, Any]]:
    windows = _labelled(given, setting)
    if not rows:
        mix = best_mix(_pool(given, setting), setting, windows, note)
        arms = ",".join(f"{role.value}={name}" for role, name in mix.items())
        rows = rows_of(arms, None, (), setting.config.models)
    results: dict[str, list[WindowResult]] = {}
    with progress([row.name for row in rows], len(windows) * setting.passes, silent) as advance:
        for row in rows:
            results[row.name] = play(row, setting, windows, advance[row.name])
    for name, played in results.items():
        for result in played:
            for fault in result.faults:
                note(f"{name}: {result.gold.name}: {fault}")
    if given["report_folder"] is not None:
        about = f"{len(windows)} windows, {setting.passes} passes, domain {setting.domain.name}"
        _write_report(given["report_folder"], results, about)
    return {name: figures(played) for name, played in results.items()}


def _labelled(given: Mapping[str, Any], setting: Setting) -> tuple[GoldWindow, ...]:
    gold, text = given["gold"], given["text"]
    if given["samples"]:
        return sample_windows(setting.domain.name, _langs(given))
    if gold is None or text is None:
        raise InvalidInputError("--gold and --text are needed: folders of labels and sentences")
    return read_gold(gold, text, setting.domain.category_names, _langs(given), note)


def _sentences(
    rows: Sequence[Row], setting: Setting, given: Mapping[str, Any], silent: bool
) -> dict[str, dict[str, Any]]:
    if given["labels"] is None:
        raise InvalidInputError("--labels is needed: a file of labelled sentences")
    labelled = read_labelled(
        given["labels"],
        given["text_field"],
        given["label_field"],
        setting.domain.category_names,
        _langs(given),
        given["limit"],
        setting.seed,
    )
    if labelled.left_out:
        note(f"{labelled.left_out} sentences are left out: their labels stand for no category")
    told: dict[str, dict[str, Any]] = {}
    names = [row.name for row in rows]
    with progress(names, len(labelled.sentences), silent) as advance:
        for row in rows:
            said = sort(row, setting, labelled.sentences, advance[row.name])

            def scored(lang: str | None, said: Sequence[Any] = said) -> dict[str, Any]:
                chosen = [
                    (sentence, answer)
                    for sentence, answer in zip(labelled.sentences, said, strict=True)
                    if lang in (None, sentence.lang)
                ]
                return {
                    **score_labelled(
                        [sentence for sentence, _ in chosen],
                        [answer.category for _, answer in chosen],
                        [answer.latency_s for _, answer in chosen],
                    ),
                    "cost_usd": sum(answer.cost_usd for _, answer in chosen),
                }

            langs = sorted({sentence.lang for sentence in labelled.sentences})
            told[row.name] = {
                **scored(None),
                "left_out": labelled.left_out,
                "per_language": {lang: scored(lang) for lang in langs},
            }
    return told


def _langs(given: Mapping[str, Any]) -> frozenset[str]:
    parts = (given["lang"] or "").split(",")
    return frozenset(language_of(part) for part in parts if part.strip())


def _write_report(folder: Path, results: dict[str, list[WindowResult]], about: str) -> None:
    parts = report(results, about)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "report.md").write_text(as_markdown(parts), encoding="utf-8")
        (folder / "report.html").write_text(as_html("Evaluation", parts), encoding="utf-8")
    except OSError as error:
        raise InvalidInputError(f"--report: cannot write to {folder}: {error.strerror}") from None
