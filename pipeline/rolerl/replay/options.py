"""What a replay is told to do, checked before anything runs."""

from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import ConfigurationError

EVENT_KINDS = ("drop", "add", "break", "reprice")


@dataclass(frozen=True, slots=True)
class PoolEvent:
    """Something that happens to a model at a step.

    drop: it is retired; add: it joins only now; break: all its answers are invalid from now on,
    without notice; reprice: its price is multiplied by `factor`.
    """

    kind: str
    model: str
    step: int
    factor: float = 1.0


def parse_event(kind: str, text: str) -> PoolEvent:
    """`MODEL@STEP`, for reprice `MODEL=FACTOR@STEP`; ConfigurationError shows what was wrong."""
    form = "MODEL=FACTOR@STEP" if kind == "reprice" else "MODEL@STEP"
    model, at, step = text.rpartition("@")
    factor = 1.0
    try:
        if kind not in EVENT_KINDS or not at:
            raise ValueError
        if kind == "reprice":
            model, _, raw = model.rpartition("=")
            factor = float(raw)
        number = int(step)
        if not model or number < 0 or factor < 0:
            raise ValueError
    except ValueError:
        raise ConfigurationError(f"--{kind}-model {text!r}: write it as {form}") from None
    return PoolEvent(kind, model, number, factor)


@dataclass(frozen=True, slots=True)
class ReplayOptions:
    """Everything `rolestream policy replay` can be told.

    `steps` None: the schedule's own length; `window`: how many of the last steps count, None = all;
    `baseline` None: the dearest model; `judge_model`'s mean cost is the price of a judgment unless
    `judge_cost_usd` says it; with neither there is no judge. `feedback_rate`: probability that the
    true quality of a run becomes known for nothing after its decision. `context_segment`: show the
    policy the item's segment. `value_usd`: worth of a success, None = derived from the dearest arm.
    `jobs`: processes among which the seeds are shared out; it changes no figure.
    """

    outcomes: Path
    policy: str = "default"
    seeds: int = 1
    schedule: str = "shuffle"
    steps: int | None = None
    window: int | None = None
    baseline: str | None = None
    judge_cost_usd: float | None = None
    judge_model: str | None = None
    feedback_rate: float = 0.0
    budget_usd: float | None = None
    slo_p95_s: float | None = None
    value_usd: float | None = None
    context_segment: bool = False
    events: tuple[PoolEvent, ...] = field(default=())
    jobs: int = 1

    def __post_init__(self) -> None:
        if self.seeds < 1:
            raise ConfigurationError(f"--seeds {self.seeds}: at least one seed is needed")
        if self.jobs < 1:
            raise ConfigurationError(f"--jobs {self.jobs}: at least one process is needed")
        if self.steps is not None and self.steps < 1:
            raise ConfigurationError(f"--steps {self.steps}: at least one step is needed")
        if not 0.0 <= self.feedback_rate <= 1.0:
            raise ConfigurationError(f"--feedback-rate {self.feedback_rate}: it must be in 0..1")
        if self.judge_cost_usd is not None and self.judge_model is not None:
            raise ConfigurationError("give --judge-cost-usd or --judge-model, not both")
        if self.judge_cost_usd is not None and self.judge_cost_usd < 0:
            raise ConfigurationError(f"--judge-cost-usd {self.judge_cost_usd} is negative")


def parse_window(text: str) -> int | None:
    """`all` or `last:N`; ConfigurationError if it is neither."""
    if text == "all":
        return None
    head, _, number = text.partition(":")
    if head == "last" and number.isdigit() and int(number) > 0:
        return int(number)
    raise ConfigurationError(f"--window {text!r}: write `all` or `last:N`")
