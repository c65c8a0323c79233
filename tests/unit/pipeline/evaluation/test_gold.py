"""Gold folders as they come, with what may be wrong in them."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.errors import InvalidInputError
from pipeline.evaluation.gold import GoldWindow, read_gold

CATEGORIES = ("opening", "price")
TEXTS = {3: "here is the kettle", 7: "it is cheap", 8: "", 20: "bye"}


def _gold(**changes: Any) -> dict[str, Any]:
    return {
        "lang": "cn",
        "stream": "kitchen",
        "offset": 0,
        "sentence_ids": [3, 7, 8],
        "topics": [
            {
                "name": "kettle",
                "aliases": ["the pot"],
                "price": None,
                "first_id": 3,
                "last_id": 8,
                "sentence_ids": [3, 7],
            }
        ],
        "labels": [
            {"id": 3, "category": "opening", "also": ["other"]},
            {"id": 7, "category": "price", "also": ["opening"]},
            {"id": 8, "category": "other", "also": []},
        ],
        **changes,
    }


class Folders:
    def __init__(self, root: Path) -> None:
        self.gold, self.text = root / "gold", root / "text"
        self.lines: list[str] = []
        (self.gold / "cn").mkdir(parents=True)
        (self.text / "cn").mkdir(parents=True)
        rows = [json.dumps({"id": number, "text": text}) for number, text in TEXTS.items()]
        (self.text / "cn" / "kitchen.jsonl").write_text("\n".join(rows) + "\n", encoding="utf-8")

    def put(self, name: str, gold: object) -> None:
        text = gold if isinstance(gold, str) else json.dumps(gold)
        (self.gold / "cn" / f"{name}.json").write_text(text, encoding="utf-8")

    def read(self, *langs: str) -> tuple[GoldWindow, ...]:
        return read_gold(self.gold, self.text, CATEGORIES, frozenset(langs), self.lines.append)


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(tmp_path)


def test_ids_become_places(folders: Folders) -> None:
    folders.put("kitchen-0", _gold())
    (window,) = folders.read()
    assert (window.name, window.lang) == ("cn/kitchen-0", "zh")
    assert window.texts == ("here is the kettle", "it is cheap", "")
    (kettle,) = window.subjects
    assert kettle.names == ("kettle", "the pot")
    assert kettle.sentences == {1, 2}
    assert kettle.span == (1, 3)
    assert window.labels[1].may_be_filler
    assert (window.labels[2].category, window.labels[2].also) == ("price", {"opening"})
    assert window.labels[3].category is None
    assert folders.lines == []


def test_only_the_chosen_languages(folders: Folders) -> None:
    folders.put("kitchen-0", _gold())
    assert len(folders.read("zh")) == 1
    with pytest.raises(InvalidInputError, match="no window in ru"):
        folders.read("ru")


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        ("{", "cn/bad is left out: "),
        (_gold(stream="cellar"), "its text is missing"),
        (_gold(stream="../kitchen"), "plain names"),
        (_gold(sentence_ids=[3, 4]), "sentence 4 is not in the text of kitchen"),
        (_gold(sentence_ids=[3, 3]), "each once"),
        (_gold(sentence_ids=[]), "at least one sentence"),
        (_gold(topics=[{"name": ""}]), "topics.0.name"),
        (_gold(labels=[{"id": 3, "category": "fact"}]), "choose another --domain"),
    ],
)
def test_a_bad_window_is_left_out_with_a_line(folders: Folders, broken: object, told: str) -> None:
    folders.put("bad", broken)
    folders.put("good", _gold())
    assert [window.name for window in folders.read()] == ["cn/good"]
    assert len(folders.lines) == 1
    assert told in folders.lines[0]
    assert "\n" not in folders.lines[0]


def test_an_unknown_category_is_told_and_counts_as_none(folders: Folders) -> None:
    labels = [{"id": 3, "category": "weather"}, {"id": 7, "category": "price", "also": ["weather"]}]
    folders.put("kitchen-0", _gold(labels=labels))
    (window,) = folders.read()
    assert window.labels[1].category is None
    assert window.labels[2].also == frozenset()
    assert folders.lines == [
        "cn/kitchen-0: 'weather' is no category of the domain; counted as no category"
    ]


def test_a_subject_without_sentences_or_ends(folders: Folders) -> None:
    folders.put(
        "kitchen-0", _gold(topics=[{"name": "kettle"}, {"name": "x", "sentence_ids": [99]}])
    )
    (window,) = folders.read()
    assert [subject.sentences for subject in window.subjects] == [frozenset(), frozenset()]
    assert "outside the window" in folders.lines[0]


def test_a_window_without_labels_or_topics(folders: Folders) -> None:
    folders.put("kitchen-0", {"lang": "cn", "stream": "kitchen", "sentence_ids": [3]})
    (window,) = folders.read()
    assert (window.subjects, window.labels) == ((), {})


def test_missing_folders_are_named(folders: Folders, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="--gold: there is no folder"):
        read_gold(tmp_path / "no", folders.text, CATEGORIES, frozenset(), folders.lines.append)
    with pytest.raises(InvalidInputError, match="--text: there is no folder"):
        read_gold(folders.gold, tmp_path / "no", CATEGORIES, frozenset(), folders.lines.append)


def test_a_bad_line_of_the_text_is_named(folders: Folders) -> None:
    folders.put("good", _gold(stream="broken"))
    (folders.text / "cn" / "broken.jsonl").write_text('{"id": 1}\n', encoding="utf-8")
    with pytest.raises(InvalidInputError, match="no window"):
        folders.read()
    assert "broken.jsonl:1 is not" in folders.lines[0]
