"""What an evaluation compares: arms alone, a mix by role, or a policy; each becomes a row."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipeline.config import ModelSettings
from pipeline.errors import ConfigurationError
from schemas.roles import MODEL_ROLES, Role


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
    known = {model.name for model in models}
    if policy is not None:
        return (Row(f"policy {policy}", _known(pool, known), policy=policy),)
    if arms is not None and "=" in arms:
        mix = _mix(arms, known)
        return (Row(arms, tuple(dict.fromkeys(mix.values())), arms=mix),)
    names = _split(arms) if arms is not None else tuple(pool)
    if not names:
        raise ConfigurationError(f"--arms names none; there are {', '.join(sorted(known))}")
    return tuple(
        Row(name, (name,), arms=dict.fromkeys(MODEL_ROLES, name)) for name in _known(names, known)
    )


def _mix(text: str, known: set[str]) -> dict[Role, str]:
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
    missing = [name for name, role in roles.items() if role not in mix]
    if missing:
        raise ConfigurationError(f"--arms: name an arm for {', '.join(missing)} too")
    return mix


def _known(names: Sequence[str], known: set[str]) -> tuple[str, ...]:
    for name in names:
        if name not in known:
            raise ConfigurationError(
                f"there is no arm {name!r}; there are {', '.join(sorted(known))}"
            )
    return tuple(dict.fromkeys(names))


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
