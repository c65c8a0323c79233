"""The sample streams as labelled windows, and what they say of each arm in each role."""

from collections.abc import Callable, Sequence

from deploy.cli.eval_best import Say
from deploy.cli.eval_play import Setting, play_once, pool_of
from deploy.cli.eval_rows import Row, arms_among
from deploy.samples import SampleStream, load_streams
from pipeline.evaluation.gold import GoldSubject, GoldWindow, Label
from pipeline.evaluation.scores import total
from schemas.roles import MODEL_ROLES, Role

_SIZES = (40, 60)
_SHORTEST = 20
_FEWEST_SENTENCES = 3


def sample_windows(domain: str, langs: frozenset[str] = frozenset()) -> tuple[GoldWindow, ...]:
    """The shipped streams of a domain, cut twice: into windows of 40 and of 60 sentences."""
    streams = [stream for stream in load_streams() if stream.domain == domain]
    return tuple(
        _window(stream, start, size)
        for stream in streams
        for size in _SIZES
        for start in range(0, len(stream.sentences), size)
        if len(stream.sentences) - start >= _SHORTEST and (not langs or stream.lang in langs)
    )


def role_priors(
    pool: Sequence[str], setting: Setting, windows: Sequence[GoldWindow], say: Say
) -> dict[str, dict[str, float]]:
    """By arm and role what comes out at the end of the flow if the arm plays the role.

    The other roles are played by the arm that is best alone. The figure is `Counts.goodness`,
    in thousandths.
    """
    models = {arm.name: arm for arm in arms_among(setting.config.models, pool)}
    with pool_of(Row("priors", tuple(pool), arms={}), setting) as config:

        def worth(mix: dict[Role, str]) -> float:
            row = Row("", tuple(dict.fromkeys(mix.values())), arms=mix)
            results = play_once(row, config, setting, windows)
            return round(total(result.counts for result in results).goodness, 3)

        return by_role({name: model.serves for name, model in models.items()}, worth, say)


def by_role(
    serves: dict[str, Callable[[str], bool]], worth: Callable[[dict[Role, str]], float], say: Say
) -> dict[str, dict[str, float]]:
    """What `worth` says of each cast that has one role changed from the arm best alone."""
    able = [name for name, plays in serves.items() if all(plays(r.value) for r in MODEL_ROLES)]
    alone = {name: worth(dict.fromkeys(MODEL_ROLES, name)) for name in able}
    best = max(alone, key=lambda name: alone[name])
    say(f"best alone is {best} with {alone[best]}")
    priors: dict[str, dict[str, float]] = {name: {} for name in serves}
    for role in MODEL_ROLES:
        for name, plays in serves.items():
            if plays(role.value):
                mix = {**dict.fromkeys(MODEL_ROLES, best), role: name}
                priors[name][role.value] = alone[best] if name == best else worth(mix)
    return priors


def _window(stream: SampleStream, start: int, size: int) -> GoldWindow:
    sentences = stream.sentences[start : start + size]
    subjects = []
    for subject in stream.subjects:
        places = frozenset(n for n, s in enumerate(sentences, 1) if s.subject == subject.key)
        if len(places) >= _FEWEST_SENTENCES:
            names = (subject.name, *subject.aliases)
            subjects.append(GoldSubject(names, places, (min(places), max(places))))
    return GoldWindow(
        name=f"{stream.stream_id}-{size}-{start:03d}",
        lang=stream.lang,
        texts=tuple(sentence.text for sentence in sentences),
        subjects=tuple(subjects),
        labels={
            place: Label(
                category=next(iter(sentence.categories), None),
                also=frozenset(sentence.also),
                may_be_filler=not sentence.categories,
            )
            for place, sentence in enumerate(sentences, 1)
        },
    )
