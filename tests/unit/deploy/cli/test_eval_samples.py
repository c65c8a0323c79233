"""The samples as labelled windows, and what they say of an arm in a role."""

from collections.abc import Mapping

from deploy.cli.eval_samples import by_role, sample_windows
from schemas.roles import MODEL_ROLES, Role


def test_every_sentence_of_a_sample_stands_in_its_window_with_its_label() -> None:
    windows = sample_windows("ecommerce", frozenset({"en"}))
    assert {window.lang for window in windows} == {"en"}
    assert {len(window.texts) for window in windows[:2]} == {40}
    for window in windows:
        assert window.labels.keys() == set(range(1, len(window.texts) + 1))
        for subject in window.subjects:
            assert len(subject.sentences) >= 3
            assert subject.span == (min(subject.sentences), max(subject.sentences))


def test_an_arm_is_rated_by_what_comes_out_with_the_best_arm_in_the_other_roles() -> None:
    def worth(mix: Mapping[Role, str]) -> float:
        return sum({"good": 0.25, "bad": 0.1}[arm] for arm in mix.values())

    def finder_only(role: str) -> bool:
        return role == Role.TOPIC_FINDER.value

    serves = {"good": lambda role: True, "bad": lambda role: True, "small": finder_only}
    told = by_role(
        serves, lambda mix: worth({r: a.replace("small", "bad") for r, a in mix.items()}), print
    )
    assert told["good"] == {role.value: 1.0 for role in MODEL_ROLES}
    assert told["bad"] == {role.value: 0.85 for role in MODEL_ROLES}
    assert told["small"] == {Role.TOPIC_FINDER.value: 0.85}
