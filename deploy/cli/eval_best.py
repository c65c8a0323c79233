"""The best arm for each role on given gold windows: what a perfect fixed choice would be."""

from collections.abc import Callable, Sequence

from deploy.cli.eval_play import Setting, play_once, pool_of
from deploy.cli.eval_rows import Row, arms_among
from pipeline.config import Config
from pipeline.evaluation.gold import GoldWindow
from pipeline.evaluation.scores import total
from schemas.roles import MODEL_ROLES, Role

Say = Callable[[str], None]


def best_mix(
    pool: Sequence[str], setting: Setting, windows: Sequence[GoldWindow], say: Say
) -> dict[Role, str]:
    """The arm of each role, changed one role at a time as long as the figures get better.

    It begins with the arm that is best alone, and goes through the roles once, the last role first.
    """
    arms = arms_among(setting.config.models, pool)
    able = {role: [m.name for m in arms if m.serves(role.value)] for role in MODEL_ROLES}
    everywhere = [name for name in pool if all(name in able[role] for role in MODEL_ROLES)]
    with pool_of(Row("best", tuple(pool), policy="-"), setting) as config:

        def goodness(mix: dict[Role, str]) -> float:
            return _goodness(mix, config, setting, windows)

        alone = {name: goodness(dict.fromkeys(MODEL_ROLES, name)) for name in everywhere}
        if not alone:
            return {role: able[role][0] for role in MODEL_ROLES}
        first = max(alone, key=lambda name: alone[name])
        mix, best = dict.fromkeys(MODEL_ROLES, first), alone[first]
        for role in reversed(MODEL_ROLES):
            for name in able[role]:
                tried = {**mix, role: name}
                if tried == mix:
                    continue
                found = goodness(tried)
                if found > best:
                    mix, best = tried, found
            say(f"{role.value}: {mix[role]}")
    return mix


def _goodness(
    mix: dict[Role, str], config: Config, setting: Setting, windows: Sequence[GoldWindow]
) -> float:
    row = Row("", tuple(dict.fromkeys(mix.values())), arms=mix)
    return total(result.counts for result in play_once(row, config, setting, windows)).goodness
