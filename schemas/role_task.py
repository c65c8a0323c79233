"""What travels from role to role: a window and what the roles before have found in it."""

from pydantic import Field

from schemas.base import Message, Name, Part, Seq
from schemas.messages import ProducedBy, Subject, Window
from schemas.roles import Role


class FoundSubject(Part):
    """A subject as the topic finder names it; `number` counts from 1 within the window."""

    number: int = Field(ge=1)
    name: Name
    aliases: tuple[Name, ...] = ()
    attributes: dict[str, str | None] = Field(default_factory=dict)


class Span(Part):
    """One stretch of a subject, first and last seq included."""

    subject: int = Field(ge=1)
    first: Seq
    last: Seq


class ResolvedSubject(Part):
    """A subject of the window with its identity along the stream.

    `numbers` are the window's subjects that it unites; `merged_ids` are earlier identities that
    turned out to be this subject and end here.
    """

    subject: Subject
    numbers: tuple[int, ...]
    merged_ids: tuple[str, ...] = ()


class OrganizedSentence(Part):
    """A sentence about a subject and the categories it belongs to; none means filler.

    `quote` is what the arm quoted of the sentence, if it quotes: it must be found there.
    """

    subject: int = Field(ge=1)
    seq: Seq
    categories: tuple[Name, ...]
    quote: str | None = Field(default=None, max_length=2000)


class RoleTask(Message):
    """Work for one role on `role-<role>`, key = stream_id; grows as the roles add their part.

    `attempt` counts how often the format checker sent the window back; `excluded` are the models
    it sent back from, by role.
    """

    role: Role
    window: Window
    subjects: tuple[FoundSubject, ...] = ()
    spans: tuple[Span, ...] = ()
    resolved: tuple[ResolvedSubject, ...] = ()
    organized: tuple[OrganizedSentence, ...] = ()
    produced_by: dict[str, ProducedBy] = Field(default_factory=dict)
    attempt: int = Field(default=0, ge=0)
    excluded: dict[str, tuple[str, ...]] = Field(default_factory=dict)
