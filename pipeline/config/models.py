"""An arm of the pool as the configuration declares it."""

from typing import Annotated

from pydantic import Field

from schemas.arm_names import base_of, batched_name
from schemas.model_declaration import ModelDeclaration
from schemas.roles import BATCHED_ROLES, MODEL_ROLES


class ModelSettings(ModelDeclaration):
    """One `[[models]]` entry of the configuration, or an arm that was added while running.

    `role_priors` is what is expected of the arm by role before anything is known, for instance from
    `rolestream eval --samples --arms priors`; the configuration alone can say so.
    """

    role_priors: dict[str, Annotated[float, Field(ge=0, le=1)]] = Field(default_factory=dict)

    @property
    def declaration(self) -> ModelDeclaration:
        """The arm as it is declared to running workers, without what is expected of it by role."""
        return ModelDeclaration.model_validate(self.model_dump(exclude={"role_priors"}))

    @property
    def endpoint_model(self) -> str:
        """The model's name at its endpoint."""
        return self.model or self.name

    @property
    def works(self) -> bool:
        """Whether it serves any role; an arm that only judges does not."""
        return any(self.serves(role.value) for role in MODEL_ROLES)

    @property
    def base(self) -> str:
        """The declared model behind the arm: its own name, unless it is a batch size of another."""
        return base_of(self.name)

    @property
    def batch_size(self) -> int:
        """How many subjects one call asks about at most; 0 is all of a window."""
        return self.batch_subjects[0]

    @property
    def variants(self) -> tuple["ModelSettings", ...]:
        """An arm for each further batch size, for the roles that it concerns."""
        further = map(self.in_batches_of, self.batch_subjects[1:])
        return tuple(arm for arm in further if arm.roles)

    def in_batches_of(self, size: int) -> "ModelSettings":
        """The arm that asks this one's endpoint about `size` subjects a call, 0 for all.

        It has no roles if this arm plays none that can be asked so.
        """
        roles = tuple(role.value for role in BATCHED_ROLES if self.serves(role.value))
        # Not validated again: no declared arm may be named like this.
        return self.model_copy(
            update={
                "name": batched_name(self.name, size),
                "model": self.endpoint_model,
                "batch_subjects": (size,),
                "roles": roles,
                "role_priors": {r: p for r, p in self.role_priors.items() if r in roles},
            }
        )

    def serves(self, role: str) -> bool:
        """Whether the arm may be given `role`; without `roles` it may be given any."""
        return not self.roles or role in self.roles
