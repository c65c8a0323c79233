"""One seed of a replay: the loop in which a policy decides, pays, and is shown what it paid for."""

from random import Random

from pipeline.rolerl.draw import Execution, Finished
from pipeline.rolerl.policies.paper import PaperPolicy
from pipeline.rolerl.policy import Context, Decision, Observation, Policy
from pipeline.rolerl.replay.options import ReplayOptions
from pipeline.rolerl.replay.schedule import PAPER_STEPS, published_rates, schedule
from pipeline.rolerl.replay.table import Line
from pipeline.rolerl.replay.trace import Trace
from pipeline.rolerl.replay.world import World
from pipeline.rolerl.reward import paper_reward

DOMAIN = "replay"


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
        options, policy = self.options, self.policy
        events = sorted(options.events, key=lambda event: event.step)
        items = self.world.table.items
        show_segment = options.context_segment
        order = schedule(options.schedule, self.world.table, options.steps, self.seed)
        steps = PAPER_STEPS if options.steps is None else options.steps
        published = isinstance(policy, PaperPolicy) and options.schedule == "paper"
        for step, index in enumerate(order):
            while events and events[0].step <= step:
                arm = self.world.happen(events.pop(0))
                if arm is not None:
                    policy.set_arm(arm)
            if published and isinstance(policy, PaperPolicy):
                policy.set_rates(*published_rates(step, steps))
            item = items[index]
            segment = item.segment if show_segment else None
            window = str(step)
            for position, (role, lines) in enumerate(item.roles):
                context = Context(DOMAIN, role, window, "", 0, 0, segment)
                decision = policy.decide(context)
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
        role = context.role
        name = f"{context.window}/{role}"
        first = decision.first
        seen: list[tuple[Observation, Line | None]] = []
        observation = self._run(context, name, decision, first.model, "incumbent", lines)
        # Most decisions are one run that is delivered: they need no execution.
        line = lines.get(first.model)
        asked = judge and first.judge and observation.outcome == "ok"
        if asked and line is not None:
            observation = self._judged(observation, line)
        alone = not decision.beside
        if alone and (
            not decision.fallbacks
            or (observation.outcome == "ok" and observation.success is not False)
        ):
            seen.append((observation, line))
            kept, latency = first.model, observation.latency_s or 0.0
        else:
            kept, latency = self._execute(context, decision, lines, judge, observation, seen)
        paid = judged_usd = 0.0
        judgments = 0
        for observation, _ in seen:
            paid += observation.cost_usd
            if observation.source is not None:
                judged_usd += observation.judge_cost_usd
                judgments += 1
        trace = self.traces.get(role)
        if trace is None:
            trace = self.traces[role] = Trace()
        trace.add(self._kept(lines, kept, step, cell, latency), paid, judged_usd, judgments)
        trace.models.append(
            (kept,) if len(seen) == 1 else tuple([observation.model for observation, _ in seen])
        )
        update = self.policy.update
        for observation, _ in seen:
            update(observation if observation.model == kept else observation._replace(kept=False))
        rate = self.options.feedback_rate
        if rate > 0.0:
            for observation, line in seen:
                if line is not None and observation.valid and self._feedback.random() < rate:
                    update(_corrected(observation, line, kept))

    def _run(
        self,
        context: Context,
        name: str,
        decision: Decision,
        model: str,
        kind: str,
        lines: dict[str, Line],
    ) -> Observation:
        """One run that nobody has judged."""
        line = lines.get(model)
        if line is None:
            return Observation(context, name, model, kind, decision.propensity, "error", 0.0)
        return Observation(
            context,
            name,
            model,
            kind,
            decision.propensity,
            "invalid" if model in self.world.broken else "ok",
            self.world.cost(model, line),
            0.0,
            line.latency_s,
        )

    def _judged(self, observation: Observation, line: Line) -> Observation:
        """The same run with its judgment."""
        return observation._replace(
            judge_cost_usd=self.judge_usd,
            quality=line.quality,
            success=line.success,
            source="judge",
            reward=_reward(observation, line),
        )

    def _execute(
        self,
        context: Context,
        decision: Decision,
        lines: dict[str, Line],
        judge: bool,
        first: Observation,
        seen: list[tuple[Observation, Line | None]],
    ) -> tuple[str, float]:
        """Run a decision of several runs to its end; the arm whose answer is delivered, and when.

        Runs side by side take as long as the slowest where somebody waits for a judgment or a
        check of them, else as long as the incumbent.
        """
        execution = Execution(decision)
        beside = {run.model for run in decision.beside}
        latency = 0.0
        due = execution.due()
        while due:
            stage_s = first_s = 0.0
            waits = False
            for run in due:
                line = lines.get(run.model)
                if run is decision.first:
                    observation = first
                else:
                    kind = "challenger" if run.model in beside else "fallback"
                    observation = self._run(
                        context, first.decision, decision, run.model, kind, lines
                    )
                    if judge and run.judge and line is not None and observation.outcome == "ok":
                        observation = self._judged(observation, line)
                seen.append((observation, line))
                valid = observation.outcome == "ok"
                took = observation.latency_s or 0.0
                stage_s = max(stage_s, took)
                if run is decision.first:
                    first_s = took
                waits = waits or observation.source is not None or not valid
                execution.report(
                    Finished(run.model, valid, observation.success, observation.reward)
                )
            latency += stage_s if waits or not first_s else first_s
            due = execution.due()
        return execution.kept, latency

    def _kept(
        self, lines: dict[str, Line], kept: str, step: int, cell: int, latency_s: float
    ) -> tuple[float, ...]:
        line = lines.get(kept)
        oracle_usd, oracle_success = self.world.oracle(lines, cell)
        if line is None:
            return (step, cell >> 4, 0.0, 0.0, 0.0, latency_s, oracle_usd, oracle_success)
        right = kept not in self.world.broken
        return (
            step,
            cell >> 4,
            line.quality if right else 0.0,
            line.success if right else 0.0,
            self.world.cost(kept, line),
            latency_s,
            oracle_usd,
            oracle_success,
        )


def _reward(observation: Observation, line: Line) -> float:
    if line.reward is not None:
        return line.reward
    return paper_reward(line.success, line.quality, observation.cost_usd, line.latency_s)


def _corrected(observation: Observation, line: Line, kept: str) -> Observation:
    """What a person's correction says of a run, some time after its decision; it costs nothing."""
    return observation._replace(
        cost_usd=0.0,
        judge_cost_usd=0.0,
        latency_s=None,
        quality=line.quality,
        success=line.success,
        source="feedback",
        reward=_reward(observation, line),
        kept=observation.model == kept,
        late=True,
    )
