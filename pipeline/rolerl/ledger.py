"""Every cent, by what it was spent on."""

from dataclasses import asdict, dataclass

from pipeline.rolerl.policy import Observation


@dataclass(slots=True)
class Ledger:
    """Dollars spent so far; `total_usd` is the sum of the four kinds that do not overlap.

    `kept_usd`: runs whose answer was delivered; `unkept_usd`: challengers and answers that were
    replaced; `judge_usd`: judgments; `failed_usd`: runs without a usable answer. Of these,
    `repaired_usd` went into runs that needed a repair and `exploration_usd` into challengers and
    shadow runs.
    """

    kept_usd: float = 0.0
    unkept_usd: float = 0.0
    failed_usd: float = 0.0
    judge_usd: float = 0.0
    repaired_usd: float = 0.0
    exploration_usd: float = 0.0

    def add(self, observation: Observation) -> None:
        """Book one run; late news books only what its judgment cost."""
        self.judge_usd += observation.judge_cost_usd
        if observation.late:
            return
        cost = observation.cost_usd
        if not observation.valid:
            self.failed_usd += cost
        elif observation.kept:
            self.kept_usd += cost
        else:
            self.unkept_usd += cost
        if observation.outcome == "repaired":
            self.repaired_usd += cost
        if observation.kind in ("challenger", "shadow"):
            self.exploration_usd += cost

    @property
    def total_usd(self) -> float:
        """Everything that was paid."""
        return self.kept_usd + self.unkept_usd + self.failed_usd + self.judge_usd

    def as_dict(self) -> dict[str, float]:
        """All figures by name, with the total."""
        return {**asdict(self), "total_usd": self.total_usd}
