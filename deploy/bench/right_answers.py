"""Right answers to role tasks over marked sentences."""

import json
from typing import Any

from deploy.bench.marked_text import truth
from pipeline.prompt_format import PromptSubject, TaskPrompt


def right_answer(task: TaskPrompt) -> str:
    """What a perfect model would answer."""
    return json.dumps(_ANSWERS[task.role](task), ensure_ascii=False)


def _finder(task: TaskPrompt) -> dict[str, Any]:
    names = dict.fromkeys(truth(text).subject for _, text in task.sentences)
    attributes = dict.fromkeys(task.attributes)
    return {
        "subjects": [
            {"name": name, "aliases": [], "attributes": attributes}
            for name in names
            if name is not None
        ]
    }


def _locator(task: TaskPrompt) -> dict[str, Any]:
    spans: list[dict[str, int]] = []
    for subject in task.subjects:
        places = [n for n, text in task.sentences if truth(text).subject == subject.name]
        for place in places:
            if spans and spans[-1]["subject"] == subject.number and spans[-1]["last"] == place - 1:
                spans[-1]["last"] = place
            else:
                spans.append({"subject": subject.number, "first": place, "last": place})
    return {"spans": spans}


def _relationship(task: TaskPrompt) -> dict[str, Any]:
    def same(a: PromptSubject, b: PromptSubject) -> bool:
        return a.name.rstrip("*") == b.name.rstrip("*")

    return {
        "same": [
            [a.number, b.number]
            for a in task.subjects
            for b in task.subjects
            if a.number < b.number and same(a, b)
        ]
    }


def _organizer(task: TaskPrompt) -> dict[str, Any]:
    texts = dict(task.sentences)
    return {
        "items": [
            {
                "subject": subject.number,
                "id": place,
                "categories": list(truth(texts[place]).categories),
            }
            for subject in task.subjects
            for place in subject.offered
        ]
    }


_ANSWERS = {
    "topic_finder": _finder,
    "topic_locator": _locator,
    "relationship_checker": _relationship,
    "content_organizer": _organizer,
}
