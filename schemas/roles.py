"""The six roles of Online Long-context Processing, by the names used everywhere."""

from enum import StrEnum


class Role(StrEnum):
    """A role that an arm of the pool can be assigned to."""

    CHUNK_SPLITTER = "chunk_splitter"
    TOPIC_FINDER = "topic_finder"
    TOPIC_LOCATOR = "topic_locator"
    RELATIONSHIP_CHECKER = "relationship_checker"
    CONTENT_ORGANIZER = "content_organizer"
    FORMAT_CHECKER = "format_checker"

    @property
    def slug(self) -> str:
        """The role's name as it stands in Kafka topic names and on the command line."""
        return self.value.replace("_", "-")


MODEL_ROLES = (
    Role.TOPIC_FINDER,
    Role.TOPIC_LOCATOR,
    Role.RELATIONSHIP_CHECKER,
    Role.CONTENT_ORGANIZER,
)
"""Roles whose answers come from the pool's model arms; the other two are code by default."""

BATCHED_ROLES = (Role.TOPIC_LOCATOR, Role.CONTENT_ORGANIZER)
"""Roles that may ask about a window's subjects in several calls, some in each."""
