"""What people tell the policy agent: leave a role as it is, give it an arm, go back."""

from datetime import datetime
from enum import StrEnum
from typing import Self

from pydantic import model_validator

from schemas.base import Message, Name
from schemas.rewards import RoleAssignment
from schemas.roles import Role


class ControlMode(StrEnum):
    """How a role assignment is held."""

    FROZEN = "frozen"
    PINNED = "pinned"
    ROLLED_BACK = "rolled_back"


class PolicyControl(Message):
    """The control in force; on `policy-control` (compacted), key `<domain>|<role>`.

    `frozen`: the published assignment stays. `pinned`: `model` has the role. `rolled_back`:
    `role_assignment`, an older one, holds again. A tombstone sets the policy free. Learning goes
    on in any case.
    """

    domain: Name
    role: Role
    mode: ControlMode
    model: Name | None = None
    role_assignment: RoleAssignment | None = None
    at: datetime

    @model_validator(mode="after")
    def _has_what_its_mode_needs(self) -> Self:
        if (self.mode is ControlMode.PINNED) != (self.model is not None):
            raise ValueError("a pin, and only a pin, names a model")
        if (self.mode is ControlMode.ROLLED_BACK) != (self.role_assignment is not None):
            raise ValueError("a rollback, and only a rollback, carries a role assignment")
        return self
