"""The account of one run, for the policy and for the ledger."""

from pipeline.decisions.judge import Judgment
from pipeline.decisions.run import Run
from pipeline.rolerl.reward import RewardPreset
from schemas.rewards import DecisionContext, Outcome, QualitySource, RewardEvent
from schemas.role_task import RoleTask

AWAY = (Outcome.TIMEOUT, Outcome.ERROR, Outcome.RATE_LIMITED)
"""Outcomes of a run whose endpoint gave no answer: nothing is known of its quality."""


def reward_event(
    task: RoleTask, run: Run, judgment: Judgment, kept: bool, preset: RewardPreset
) -> RewardEvent:
    """What is known of the run: by its judges if their verdicts count, else by the free checks."""
    quality: float | None
    source: QualitySource | None
    if judgment.verdict is not None:
        quality, source = judgment.verdict.quality, QualitySource.JUDGE
        success = judgment.verdict.right
    elif run.outcome in AWAY:
        quality, source, success = None, None, False
    else:
        quality = run.reading.score if run.reading is not None and run.usable else 0.0
        source, success = QualitySource.CHECKS, quality == 1.0
    return RewardEvent(
        decision_id=run.assigned.decision_id,
        window_id=task.window.window_id,
        domain=task.window.domain,
        role=task.role,
        model=run.model,
        kind=run.assigned.kind,
        propensity=run.assigned.propensity,
        policy=run.assigned.policy,
        assignment_version=run.assigned.version,
        prompt_version=run.prompt_version,
        context=DecisionContext(
            lang=task.window.lang,
            sentences=len(task.window.sentences),
            subjects=len(task.subjects),
            attempt=task.attempt,
        ),
        outcome=run.outcome,
        kept=kept,
        checks=dict(run.reading.checks) if run.reading else {},
        quality=quality,
        quality_source=source,
        judge=judgment.judges,
        verdicts=judgment.verdicts,
        latency_s=run.latency_s,
        input_tokens=run.input_tokens,
        cached_tokens=run.cached_tokens,
        output_tokens=run.output_tokens,
        cost_usd=run.cost_usd,
        repair_cost_usd=run.repair_cost_usd,
        judge_cost_usd=judgment.cost_usd,
        reward=preset(success, quality, run.cost_usd, run.latency_s),
        at=run.at,
    )
