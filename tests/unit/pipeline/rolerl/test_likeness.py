"""Neighbouring outcomes that are alike show hidden kinds of text; those that are not show none."""

from random import Random

from pipeline.rolerl.likeness import Blend, Likeness


def test_outcomes_in_runs_are_alike_and_noise_is_not() -> None:
    rng = Random(4)
    runs, noise = Likeness(), Likeness()
    for number in range(2000):
        runs.compare((0, 0), number, number // 40 % 2 == 0, 0.5)
        noise.compare((0, 0), number, rng.random() < 0.5, 0.5)
    assert runs.share > 0.9
    assert not runs.is_noise
    assert noise.share < 0.25


def test_outcomes_far_apart_say_nothing() -> None:
    known = Likeness()
    for number in range(50):
        known.compare((0, 0), 100 * number, True, 0.5)
    assert (known.disagreed, known.expected) == (0.5, 1.0)


def test_a_blend_is_found_by_its_runs() -> None:
    rng = Random(4)
    blend, noise = Blend(), Blend()
    for number in range(300):
        blend.add((0, 0), number, number // 40 % 2 == 0, 0.5, 0.02)
        noise.add((0, 0), number, rng.random() < 0.5, 0.5, 0.02)
    assert blend.found
    assert not noise.found
    assert Blend.of(blend.state()).state() == blend.state()
