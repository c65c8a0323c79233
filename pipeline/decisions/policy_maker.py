"""Makes the deployment's policy: its arms at declared prices, and what it aims at."""

import math
from dataclasses import dataclass, field

from pipeline.config import Config, ModelSettings
from pipeline.decisions.budget import FIRST_DECISIONS
from pipeline.models.declared import DeclaredModels
from pipeline.models.prices import cost_usd
from pipeline.rolerl.arms import Arm
from pipeline.rolerl.policy import Policy
from pipeline.rolerl.registry import make_policy
from pipeline.rolerl.settings import PolicySettings
from schemas.roles import BATCHED_ROLES, MODEL_ROLES

TYPICAL_INPUT_TOKENS = 2000
TYPICAL_OUTPUT_TOKENS = 600
TYPICAL_SUBJECTS = 3
"""Of a window of the sample streams."""
REPEATED_SHARE = 0.7
"""What each further call about the same window sends again of an input: all that a locator is sent,
of an organizer's the instructions, two fifths (windows of the sample streams)."""
JUDGED_INPUT_TOKENS = TYPICAL_INPUT_TOKENS + TYPICAL_OUTPUT_TOKENS + 400
"""The task, its answer, and the judge's own instructions."""
VERDICT_TOKENS = 120


@dataclass
class _Known:
    """What follows from the arms of one version, found out once; `measured` is by role."""

    version: int
    judges: tuple[ModelSettings, ...]
    measured: dict[str, bool] = field(default_factory=dict)


class PolicyMaker:
    """Makes policies for the arms as they are declared at the moment."""

    def __init__(self, config: Config, declared: DeclaredModels) -> None:
        self._config = config
        self._declared = declared
        self._known_last: _Known | None = None

    @property
    def name(self) -> str:
        """The policy's name, as the user gave it."""
        return self._config.policy.name

    @property
    def judges(self) -> tuple[str, ...]:
        """The arms that judge."""
        return tuple(model.name for model in self._known.judges)

    @property
    def version(self) -> int:
        """Grows when arms change."""
        return self._declared.version

    def measured(self, role: str) -> bool:
        """Whether it was measured, and declared, how good each arm is in this role."""
        known = self._known.measured
        if role not in known:
            playing = [arm for arm in self.arms() if arm.plays(role)]
            known[role] = bool(playing) and all(role in arm.role_priors for arm in playing)
        return known[role]

    def arms(self) -> tuple[Arm, ...]:
        """The arms that serve roles: the declared price of a typical run, and any prior.

        Smaller batches send sentences and instructions again, and are priced accordingly.
        """
        return tuple(
            Arm(
                model=item.settings.name,
                price_usd=cost_usd(
                    item.settings, _input_tokens(item.settings), 0, TYPICAL_OUTPUT_TOKENS
                ),
                list_price_usd=cost_usd(
                    item.settings, TYPICAL_INPUT_TOKENS, 0, TYPICAL_OUTPUT_TOKENS
                ),
                prior_success=_expected(item.settings),
                role_priors=item.settings.role_priors,
                roles=frozenset(item.settings.roles) or None,
                retired=not item.live,
            )
            for item in self._declared.arms()
            if item.settings.works
        )

    def settings(self) -> PolicySettings:
        """What the policy aims at, and what a judgment costs: None if nobody judges."""
        policy = self._config.policy
        return PolicySettings(
            seed=policy.seed,
            judge_price_usd=self._judgment_usd(),
            value_usd=policy.value_usd,
            slo_p95_s=policy.slo_p95_s,
            role_slo_p95_s={role.value: limit_s for role, limit_s in policy.role_slo_p95_s.items()},
            budget_usd=policy.budget_usd,
            budget_decisions=0 if policy.budget_usd is None else FIRST_DECISIONS,
        )

    @property
    def budget_usd(self) -> float | None:
        """What a domain may cost in a period, None without a ceiling."""
        return self._config.policy.budget_usd

    @property
    def budget_period_s(self) -> float:
        """How long a budget has to last."""
        return self._config.policy.budget_period_s

    def make(self) -> Policy:
        """A fresh policy. Raises ConfigurationError if its name is not known."""
        return make_policy(self.name, self.arms(), self.settings())

    @property
    def _known(self) -> _Known:
        known = self._known_last
        if known is None or known.version != self.version:
            names = self._config.judging.models
            judges = tuple(model for model in self._declared.live() if model.name in names)
            known = self._known_last = _Known(self.version, judges)
        return known

    def _judgment_usd(self) -> float | None:
        judges = self._known.judges
        if not judges:
            return None
        prices = [cost_usd(judge, JUDGED_INPUT_TOKENS, 0, VERDICT_TOKENS) for judge in judges]
        audits = self._config.judging.audit_rate if len(judges) > 1 else 0.0
        return sum(prices) / len(prices) * (1.0 + audits)


def _input_tokens(settings: ModelSettings) -> int:
    """What an arm is sent for a typical decision, over the roles that it serves."""
    if settings.batch_size == 0:
        return TYPICAL_INPUT_TOKENS
    roles = [role for role in MODEL_ROLES if settings.serves(role.value)]
    batched = sum(role in BATCHED_ROLES for role in roles) / len(roles)
    again = math.ceil(TYPICAL_SUBJECTS / settings.batch_size) - 1
    return round(TYPICAL_INPUT_TOKENS * (1.0 + batched * again * REPEATED_SHARE))


def _expected(settings: ModelSettings) -> float | None:
    """What is expected of an arm in any role: as declared, else the mean over its roles."""
    by_role = settings.role_priors.values()
    if settings.prior_quality is None and by_role:
        return sum(by_role) / len(by_role)
    return settings.prior_quality
