"""One seed of a replay: the loop in which a policy decides, pays, and is shown what it paid for."""

from dataclasses import dataclass, field
from random import Random

from pipeline.rolerl.draw import Execution, Finished
from pipeline.rolerl.policy import Context, Decision, Observation, Policy
from pipeline.rolerl.replay.options import ReplayOptions
from pipeline.rolerl.replay.schedule import schedule
from pipeline.rolerl.replay.table import Line
from pipeline.rolerl.replay.world import World
from pipeline.rolerl.reward import paper_reward

DOMAIN = "replay"


@dataclass(slots=True)
class Trace:
    """What happened in the decisions of one role, one entry a decision; dollars and seconds."""

    step: list[int] = field(default_factory=list)
    quality: list[float] = field(default_factory=list)
    success: list[bool] = field(default_factory=list)
    kept_usd: list[float] = field(default_factory=list)
    paid_usd: list[float] = field(default_factory=list)
    judged_usd: list[float] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    judgments: list[int] = field(default_factory=list)
    latency_s: list[float] = field(default_factory=list)
    oracle_usd: list[float] = field(default_factory=list)
    oracle_success: list[bool] = field(default_factory=list)
    item: list[int] = field(default_factory=list)
    models: list[tuple[str, ...]] = field(default_factory=list)


class Simulation:
    """Plays one schedule against one policy."""

    def __init__(self, policy: Policy, world: World, options: ReplayOptions, seed: int) -> None:
        self.policy = policy
        self.world = world
        self.options = options
        self.seed = seed
        self.judge_usd = 0.0
        self.traces: dict[str, Trace] = {}
        self._feedback = Random(f"feedback-{seed}")  # noqa: S311 - sampling, not secrets

    def run(self, judge_usd: float | None) -> dict[str, Trace]:
        """Play to the end; `judge_usd` is the price of a judgment, None if there is no judge."""
        self.judge_usd = judge_usd or 0.0
        judge = judge_usd is not None
        events = sorted(self.options.events, key=lambda event: event.step)
        items = self.world.table.items
        show_segment = self.options.context_segment
        order = schedule(self.options.schedule, self.world.table, self.options.steps, self.seed)
        for step, index in enumerate(order):
            while events and events[0].step <= step:
                arm = self.world.happen(events.pop(0))
                if arm is not None:
                    self.policy.set_arm(arm)
            item = items[index]
            segment = item.segment if show_segment else None
            window = str(step)
            for position, (role, lines) in enumerate(item.roles):
                context = Context(DOMAIN, role, window, "", 0, 0, segment)
                decision = self.policy.decide(context)
                self._decide(context, decision, lines, judge, step, (index << 4) + position)
        return self.traces

    def _decide(
        self,
        context: Context,
        decision: Decision,
        lines: dict[str, Line],
        judge: bool,
        step: int,
        cell: int,
    ) -> None:
        name = f"{context.window}/{context.role}"
        world = self.world
        seen: list[tuple[Observation, Line | None]] = []
        execution = Execution(decision)
        first = decision.first.model
        beside = {run.model for run in decision.beside}
        latency = paid = judged_usd = 0.0
        judgments = 0
        due = execution.due()
        while due:
            stage_s = first_s = 0.0
            waits = False
            for run in due:
                model = run.model
                line = lines.get(model)
                valid = line is not None and model not in world.broken
                cost = 0.0 if line is None else world.cost(model, line)
                asked = judge and run.judge and valid
                took = None if line is None else line.latency_s
                quality = success = reward = source = None
                judge_cost = 0.0
                if asked and line is not None:
                    quality, success, source = line.quality, line.success, "judge"
                    reward = line.reward
                    if reward is None:
                        reward = paper_reward(success, quality, cost, took)
                    judge_cost = self.judge_usd
                    judgments += 1
                kind = (
                    "incumbent"
                    if model == first
                    else "challenger"
                    if model in beside
                    else "fallback"
                )
                observation = Observation(
                    context,
                    name,
                    model,
                    kind,
                    decision.propensity,
                    "error" if line is None else "ok" if valid else "invalid",
                    cost,
                    judge_cost,
                    took,
                    quality,
                    success,
                    source,
                    reward,
                )
                seen.append((observation, line))
                paid += cost
                judged_usd += judge_cost
                stage_s = max(stage_s, took or 0.0)
                if model == first:
                    first_s = took or 0.0
                waits = waits or asked or not valid
                execution.report(Finished(model, valid, success, reward))
            latency += stage_s if waits or not first_s else first_s
            due = execution.due()
        kept = execution.kept
        self._record(context.role, step, cell, lines, kept, latency)
        trace = self.traces[context.role]
        trace.paid_usd.append(paid)
        trace.judged_usd.append(judged_usd)
        trace.runs.append(len(seen))
        trace.models.append(tuple([observation.model for observation, _ in seen]))
        trace.judgments.append(judgments)
        rate = self.options.feedback_rate
        update = self.policy.update
        for observation, _ in seen:
            update(observation if observation.model == kept else observation._replace(kept=False))
        if rate > 0.0:
            for observation, line in seen:
                if line is not None and observation.valid and self._feedback.random() < rate:
                    update(_corrected(observation, line, kept))

    def _record(
        self, role: str, step: int, cell: int, lines: dict[str, Line], kept: str, latency_s: float
    ) -> None:
        trace = self.traces.get(role)
        if trace is None:
            trace = self.traces[role] = Trace()
        line = lines.get(kept)
        right = line is not None and kept not in self.world.broken
        oracle_usd, oracle_success = self.world.oracle(lines, cell)
        trace.step.append(step)
        trace.item.append(cell >> 4)
        trace.quality.append(line.quality if line is not None and right else 0.0)
        trace.success.append(line.success if line is not None and right else False)
        trace.kept_usd.append(0.0 if line is None else self.world.cost(kept, line))
        trace.latency_s.append(latency_s)
        trace.oracle_usd.append(oracle_usd)
        trace.oracle_success.append(oracle_success)


def _corrected(observation: Observation, line: Line, kept: str) -> Observation:
    """What a person's correction says of a run, some time after its decision; it costs nothing."""
    return observation._replace(
        cost_usd=0.0,
        judge_cost_usd=0.0,
        latency_s=None,
        quality=line.quality,
        success=line.success,
        source="feedback",
        reward=line.reward
        if line.reward is not None
        else paper_reward(line.success, line.quality, observation.cost_usd, line.latency_s),
        kept=observation.model == kept,
        late=True,
    )
