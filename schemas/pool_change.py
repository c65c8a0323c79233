"""Changes of the pool while workers run: arms that are added, repriced or retired."""

from datetime import datetime
from enum import StrEnum

from schemas.base import Message
from schemas.model_declaration import ModelDeclaration


class PoolOperation(StrEnum):
    """What was done to the arm last."""

    ADD = "add"
    REPRICE = "reprice"
    RETIRE = "retire"


class PoolChange(Message):
    """The last word on an arm; on `model-pool` (compacted), key = the arm's name.

    `declaration` is complete, whatever the operation, so that the last message of an arm says all
    there is to say. It names the variable of the API key, never the key. A tombstone brings the
    configuration's own entry back.
    """

    operation: PoolOperation
    declaration: ModelDeclaration
    at: datetime
