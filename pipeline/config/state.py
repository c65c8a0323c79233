"""How long what is kept to go on from is kept."""

from pydantic import Field

from pipeline.config.kafka import Section

DAY_S = 24 * 3600.0


class StateSettings(Section):
    """The `[state]` table.

    `answers_s` is for how long a finished model call is found again in the answer log. A stream
    that stays quiet for `quiet_stream_s` begins its subjects anew, and so does a subject that is
    not spoken of for as long. Its records are kept twice as long and the position in the stream
    three times: what makes ids is forgotten before what tells whether an id was there before.
    """

    answers_s: float = Field(default=DAY_S, ge=60)
    quiet_stream_s: float = Field(default=14 * DAY_S, ge=60)

    @property
    def subjects_s(self) -> float:
        """For how long the subjects of a stream are kept."""
        return self.quiet_stream_s

    @property
    def records_s(self) -> float:
        """For how long the open records of a subject are kept."""
        return 2 * self.quiet_stream_s

    @property
    def positions_s(self) -> float:
        """For how long the position in a stream is kept."""
        return 3 * self.quiet_stream_s
