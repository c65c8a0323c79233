"""The default policy's plan where nobody can be asked: the best arm, and trials that pay."""

import numpy as np

from pipeline.rolerl.domain_model import DomainModel
from pipeline.rolerl.exploration import choose_trials
from pipeline.rolerl.policy import Plan, Share
from pipeline.rolerl.skills import Standing

TRIALS_AHEAD = 150.0
"""Decisions of a role expected to come while what a trial has shown holds."""
HEARING_OUTCOMES, HEARING_RUNS, HEARING_SHARE = 4.0, 40.0, 0.02
"""Every arm gets a hearing in a role, of so many known outcomes or so many runs, if a run costs no
more than this share of the value of a success."""
TRIAL_SHARE = 0.5
"""Share of decisions with a trial while one pays: the other half keeps the incumbent's record."""


def unjudged_plan(model: DomainModel, role_name: str, value_usd: float, price: float) -> Plan:
    """The plan of one role; all money is times `price`."""
    role = model.roles[role_name]
    arms = model.playing(role_name)
    table = model.regimes.table
    costs = np.array(model.facts.costs(role, arms)) * price
    valid = np.array(model.facts.valid(role, arms))
    known = model.skills.standing(role, table.all_right, table.all_wrong)
    standing = Standing(
        known.means[arms] * valid, known.covariance[np.ix_(arms, arms)], known.noise[arms]
    )
    means = standing.means
    share = model.known / model.seen if model.seen else 0.0
    outcomes = (table.all_right + table.all_wrong)[role, arms]
    runs = np.array([model.facts.cells[role][a].runs for a in arms])
    unheard = (outcomes < HEARING_OUTCOMES) & (runs < HEARING_RUNS)
    unheard &= costs <= HEARING_SHARE * value_usd
    # What is declared for this very role rests on more than the price.
    declared = model.skills.declared(role)
    unheard &= np.array([arm not in declared for arm in arms])
    trials = choose_trials(standing, costs, value_usd, share, TRIALS_AHEAD, unheard)
    models = [model.names[a] for a in arms]
    order = np.argsort(-(value_usd * means - costs), kind="stable")
    name = models[trials.incumbent]
    mix: tuple[Share, ...] = (Share(name, 1.0, 0.0),)
    reason = (
        f"{name} is right with {means[trials.incumbent]:.1%} "
        f"at ${costs[trials.incumbent] / price:.6f} a run"
    )
    if trials.beside:
        tried = [models[i] for i in trials.beside]
        even = 1.0 / (1.0 + len(tried))
        mix = tuple(Share(m, even, 0.0) for m in (name, *tried))
        reason += f"; tried beside it: {', '.join(tried)}"
    elif trials.instead is not None:
        other = models[trials.instead]
        mix = (Share(name, 1.0 - TRIAL_SHARE, 0.0), Share(other, TRIAL_SHARE, 0.0))
        reason += f"; tried in its place: {other}"
    return Plan(
        primary=name,
        mix=mix,
        fallbacks=tuple(Share(models[i], 1.0, 0.0) for i in order if models[i] != name),
        sweep=bool(trials.beside),
        reason=reason,
    )
