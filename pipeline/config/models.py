"""An arm of the pool as the configuration declares it."""

from typing import Annotated

from pydantic import Field

from schemas.model_declaration import ModelDeclaration
from schemas.roles import MODEL_ROLES


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

    def serves(self, role: str) -> bool:
        """Whether the arm may be given `role`; without `roles` it may be given any."""
        return not self.roles or role in self.roles
