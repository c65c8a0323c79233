"""Has the embedding models read every domain's examples while the image is built.

The vectors of the examples stay in the image's cache, so that the first window need not wait.
"""

from pipeline.domains import Domain, load_domains
from pipeline.models.embedded.arm import ChatMessage
from pipeline.models.embedded.pool import build_arms
from pipeline.prompt_format import PromptSubject, TaskPrompt, render_user

ARMS = ("embeddings", "hybrid")
ANSWER_TOKENS = 1000


def tasks(domain: Domain) -> tuple[TaskPrompt, ...]:
    """A small task of each role that reads examples, in each of the domain's languages."""
    sentences = tuple(enumerate(("One.", "Two.", "Three."), start=1))
    numbers = tuple(number for number, _ in sentences)
    subject = PromptSubject(
        number=1, name="One", aliases=(), known=False, evidence=numbers, offered=numbers
    )
    categories = tuple(category.name for category in domain.categories)
    return tuple(
        TaskPrompt(
            role=role,
            domain=domain.name,
            lang=lang,
            attributes=(),
            categories=categories,
            subjects=(subject,) if role != "topic_finder" else (),
            sentences=sentences,
        )
        for lang in domain.languages
        for role in ("topic_finder", "topic_locator", "content_organizer")
    )


def main() -> None:
    """Let every arm answer every task."""
    domains = load_domains()
    for arm in build_arms(ARMS, domains):
        for domain in domains.values():
            for task in tasks(domain):
                arm.answer((ChatMessage("user", render_user(task)),), None, ANSWER_TOKENS)


if __name__ == "__main__":
    main()
