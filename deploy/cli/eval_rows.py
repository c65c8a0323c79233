"""What an evaluation compares: arms alone, a mix by role, or a policy; each becomes a row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from schemas.arm_names import base_of, size_in
from schemas.model_declaration import MOST_SUBJECTS
from schemas.roles import BATCHED_ROLES, MODEL_ROLES, Role


@dataclass(frozen=True)
class Row:
    """One thing to be evaluated: `arms` by role, or `policy` over the pool `models`."""

    name: str
    models: tuple[str, ...]
    arms: Mapping[Role, str] | None = None
    policy: str | None = None

    @property
    def alone(self) -> bool:
        """Whether its arms were named, so that the pool's limits do not apply."""
        return self.arms is not None


def rows_of(
    arms: str | None, policy: str | None, pool: Sequence[str], models: Sequence[ModelSettings]
) -> tuple[Row, ...]:
    """The rows that `--arms` or `--policy` asks for; every model of `pool` alone without either.

    Raises ConfigurationError for unknown arms and roles.
    """
    known = {model.name: model for model in models}
    if policy is not None:
        return (Row(f"policy {policy}", _known(pool, known), policy=policy),)
    if arms is not None and "=" in arms:
        mix = _mix(arms, known)
        return (Row(arms, tuple(dict.fromkeys(mix.values())), arms=mix),)
    names = _split(arms) if arms is not None else tuple(pool)
    if not names:
        raise ConfigurationError(f"--arms names none; there are {', '.join(sorted(known))}")
    return tuple(_alone(name) for name in _known(names, known))


def _alone(name: str) -> Row:
    """One model in all roles; in batches where that is possible, if the arm is a batch size."""
    base = base_of(name)
    arms = {role: name if role in BATCHED_ROLES else base for role in MODEL_ROLES}
    return Row(name, tuple(dict.fromkeys((base, name))), arms=arms)


def with_batch_sizes(
    models: Sequence[ModelSettings], names: Iterable[str]
) -> tuple[ModelSettings, ...]:
    """The models behind the arms `names`, with the batch sizes that these name beside their own."""
    sizes: dict[str, list[int]] = {}
    for name in names:
        size = size_in(name)
        sizes.setdefault(base_of(name), []).extend([] if size is None else [size])
    return tuple(
        model.model_copy(
            update={
                "batch_subjects": tuple(dict.fromkeys((*model.batch_subjects, *sizes[model.name])))
            }
        )
        for model in models
        if model.name in sizes
    )


def arms_among(models: Sequence[ModelSettings], names: Sequence[str]) -> list[ModelSettings]:
    """The arms `names` as they are declared or would be."""
    behind = with_batch_sizes(models, names)
    return [arm for model in behind for arm in (model, *model.variants) if arm.name in names]


def _mix(text: str, known: Mapping[str, ModelSettings]) -> dict[Role, str]:
    roles = {role.value: role for role in MODEL_ROLES}
    mix: dict[Role, str] = {}
    for part in _split(text):
        name, _, arm = part.partition("=")
        role = roles.get(name.strip().replace("-", "_"))
        if role is None:
            raise ConfigurationError(
                f"--arms: there is no role {name.strip()!r}; choose from {', '.join(roles)}"
            )
        mix[role] = _known([arm.strip()], known)[0]
        if size_in(mix[role]) is not None and role not in BATCHED_ROLES:
            raise ConfigurationError(
                f"--arms: {role.value} is asked in one call; name {base_of(mix[role])} for it"
            )
    missing = [name for name, role in roles.items() if role not in mix]
    if missing:
        raise ConfigurationError(f"--arms: name an arm for {', '.join(missing)} too")
    return mix


def _known(names: Sequence[str], known: Mapping[str, ModelSettings]) -> tuple[str, ...]:
    """The names, each once. Any batch size of a model may be tried, declared or not."""
    for name in names:
        model, size = known.get(base_of(name)), size_in(name)
        if model is not None and size == model.batch_size:
            raise ConfigurationError(f"{name} is {model.name} itself")
        if model is None or (size or 0) > MOST_SUBJECTS:
            raise ConfigurationError(
                f"there is no arm {name!r}; there are {', '.join(sorted(known))}"
            )
    return tuple(dict.fromkeys(names))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
