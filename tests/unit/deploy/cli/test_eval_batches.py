"""Batch sizes in an evaluation: any may be tried, beside the arms that are declared."""

import pytest

from deploy.cli.eval_rows import arms_among, rows_of, with_batch_sizes
from pipeline.errors import ConfigurationError
from schemas.roles import BATCHED_ROLES, MODEL_ROLES
from tests.in_memory_models import arm

MODELS = [arm("a"), arm("b", batch_subjects=(0, 4))]


def test_a_batch_size_alone_plays_its_roles_and_its_model_the_others() -> None:
    (row,) = rows_of("a@1", None, (), MODELS)
    assert row.arms == {r: "a@1" if r in BATCHED_ROLES else "a" for r in MODEL_ROLES}
    assert (row.name, row.models) == ("a@1", ("a", "a@1"))
    (model,) = with_batch_sizes(MODELS, row.models)
    assert (model.name, model.batch_subjects) == ("a", (0, 1))


def test_it_can_be_given_a_role_that_is_asked_in_batches() -> None:
    mix = "topic_finder=a,topic_locator=b@4,relationship_checker=a,content_organizer=a@2"
    (row,) = rows_of(mix, None, (), MODELS)
    found = with_batch_sizes(MODELS, row.models)
    assert [(m.name, m.batch_subjects) for m in found] == [("a", (0, 2)), ("b", (0, 4))]
    assert [m.name for m in arms_among(MODELS, row.models)] == ["a", "a@2", "b@4"]


@pytest.mark.parametrize(
    ("arms", "line"),
    [
        ("a@0", "a@0 is a itself"),
        ("c@1", "there is no arm 'c@1'"),
        ("a@99999", "there is no arm 'a@99999'"),
        (
            "topic_finder=a@1,topic_locator=a,relationship_checker=a,content_organizer=a",
            "topic_finder is asked in one call; name a for it",
        ),
    ],
)
def test_mistakes_are_told(arms: str, line: str) -> None:
    with pytest.raises(ConfigurationError, match=line):
        rows_of(arms, None, (), MODELS)
