"""The windows of text that benches work on: sentences that carry their own labels."""

from datetime import UTC, datetime

from deploy.bench.marked_text import marked
from schemas.messages import Sentence, Window
from schemas.role_task import RoleTask
from schemas.roles import Role

DOMAIN = "news"
CATEGORIES = ("fact", "opinion", "forecast")
SENTENCES_A_WINDOW = 60
_STORIES = ("harvest", "harbour", "railway", "election", "museum", "storm", "budget", "bridge")
_WORDS = "the town council said on Tuesday that work on it goes on as it was planned before"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def sentence(number: int, marker: str, a_subject: int = 20) -> str:
    """Sentence `number` of a text; `marker` tells texts apart; a subject lasts `a_subject`."""
    story = f"{_STORIES[number // a_subject % len(_STORIES)]} report"
    categories = (CATEGORIES[number % len(CATEGORIES)],)
    return marked(story, categories, f"{marker} {number}: of the {story} {_WORDS}.")


def finder_task(number: int, stream_id: str, texts: int, sentences: int) -> RoleTask:
    """A topic finder's task; its text is one of `texts` different ones, its ids are its own."""
    marker = f"text {number % texts}"
    window = Window(
        window_id=f"window-{number}",
        domain=DOMAIN,
        stream_id=stream_id,
        lang="en",
        sentences=tuple(
            Sentence(seq=seq, text=sentence(seq, marker)) for seq in range(1, sentences + 1)
        ),
        closed_by="count",
        splitter_version="bench",
        at=_BEGAN,
    )
    return RoleTask(role=Role.TOPIC_FINDER, window=window)
