"""People's corrections, simulated from gold as the `feedback` Kafka topic would carry them."""

from datetime import datetime

from pipeline.evaluation.gold import GoldWindow
from schemas.rewards import Feedback, FeedbackSentence, FeedbackSubject


def feedback_of(gold: GoldWindow, domain: str, stream_id: str, at: datetime) -> Feedback | None:
    """What a person who labelled the whole window would send; None for a window without labels.

    A sentence of several subjects is given to the first, as a message has room for one.
    """
    subjects = tuple(
        FeedbackSubject(key=str(n), name=subject.names[0], aliases=subject.names[1:])
        for n, subject in enumerate(gold.subjects, start=1)
    )
    sentences = tuple(
        FeedbackSentence(
            seq=place,
            subject=next(
                (str(n) for n, s in enumerate(gold.subjects, start=1) if place in s.sentences),
                None,
            ),
            categories=() if label.category is None else (label.category,),
            also=tuple(sorted(label.also)),
        )
        for place, label in sorted(gold.labels.items())
    )
    if not sentences:
        return None
    return Feedback(
        domain=domain, stream_id=stream_id, subjects=subjects, sentences=sentences, at=at
    )
