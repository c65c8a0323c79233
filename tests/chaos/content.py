"""Streams whose every sentence is unique and says of itself where it belongs."""

import random

from tests.scripted.text import marked, truth

SUBJECTS = ("kettle", "tea set", "lamp", "scarf")
CATEGORIES = ("product_description", "price_discussion", "order_urging")

Key = tuple[str, str, str]
"""Stream, subject, category."""


def stream(stream_id: str, length: int, seed: int) -> list[str]:
    """A stream that goes from subject to subject and back, with chatter between."""
    chance = random.Random(seed)
    texts: list[str] = []
    while len(texts) < length:
        subject = chance.choice([*SUBJECTS, None])
        for _ in range(chance.randint(3, 12) if subject else chance.randint(1, 3)):
            kinds = chance.sample(CATEGORIES, chance.choice([0, 1, 1, 1, 2])) if subject else []
            seq = len(texts) + 1
            texts.append(marked(subject, kinds, f"said {seq} of {stream_id} about it"))
    return texts[:length]


def expected(streams: dict[str, list[str]]) -> dict[Key, set[int]]:
    """The seqs that the records of each subject and category must hold."""
    wanted: dict[Key, set[int]] = {}
    for stream_id, texts in streams.items():
        for seq, text in enumerate(texts, start=1):
            label = truth(text)
            for category in label.categories:
                wanted.setdefault((stream_id, label.subject or "", category), set()).add(seq)
    return wanted
