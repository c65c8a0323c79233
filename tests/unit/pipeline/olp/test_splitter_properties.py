"""Whatever comes and whenever the process dies: every sentence once, in order, in bounds."""

from dataclasses import dataclass

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pipeline.config import SplitterSettings
from pipeline.olp.caseless import AnyCaseless
from schemas.messages import RawText
from tests.unit.pipeline.olp.splitter_world import Death, World

TEXTS = st.sampled_from(
    ["a lamp", "next up, a chair", "这个杯子很好", "接下来", "x" * 40, "Обычная лампа", " ", ""]
)
SETTINGS = st.builds(
    SplitterSettings,
    window_sentences=st.integers(1, 12),
    window_sentences_unspaced=st.integers(1, 12),
    max_age_s=st.sampled_from([5.0, 30.0]),
    max_carry_share=st.sampled_from([0.0, 0.3, 0.5, 0.9]),
)
BUDGETS = st.none() | st.integers(1, 120)
TRANSITIONS = {"en": [AnyCaseless(["^next up"])], "zh": [AnyCaseless(["接下来"])]}
MESSAGES = st.lists(
    st.tuples(
        st.sampled_from(["next"] * 8 + ["repeat", "conflict", "backwards"]),
        st.sampled_from([0, 0, 0, 1, 3]),
        TEXTS,
        st.sampled_from([False] * 9 + [True]),
    ),
    min_size=10,
    max_size=50,
)


@dataclass(frozen=True)
class Step:
    """Read some, wait, cut; a death is followed by a restart `back` positions too early.

    Without a death, a quiet stream is set `aside`.
    """

    read: int
    wait_s: float
    death: Death | None
    back: int
    aside: bool


STEPS = st.lists(
    st.builds(
        Step,
        read=st.integers(0, 9),
        wait_s=st.sampled_from([0.0, 0.0, 0.0, 6.0, 40.0]),
        death=st.sampled_from([None, None, *Death]),
        back=st.integers(0, 9),
        aside=st.booleans(),
    ),
    min_size=5,
    max_size=20,
)


def write(drawn: list[tuple[str, int, str, bool]]) -> list[RawText]:
    log: list[RawText] = []
    seq = -1
    for kind, number, text, end in drawn:
        if kind == "next" or seq < 0:
            seq += 1 + number
            log.append(RawText(stream_id="s", seq=seq, text=text, end=end))
            continue
        old = log[max(0, len(log) - 1 - number)]
        if kind == "conflict":
            old = old.model_copy(update={"text": old.text + "!"})
        if kind == "backwards":
            old = old.model_copy(update={"seq": max(0, old.seq - 1), "text": text})
        log.append(old)
    return log


def live(world: World, steps: list[Step]) -> None:
    for step in steps:
        world.read(step.read)
        world.clock.advance(step.wait_s)
        if step.death is None:
            world.cut_all()
            if step.aside:
                world.set_aside()
            continue
        world.cut(step.death)
        world.restart(max(0, world.first_unacknowledged - step.back))


@settings(max_examples=400)
@given(SETTINGS, BUDGETS, MESSAGES, STEPS)
def test_every_sentence_comes_out_once_in_order_and_in_bounds(
    limits: SplitterSettings,
    budget: int | None,
    messages: list[tuple[str, int, str, bool]],
    steps: list[Step],
) -> None:
    world = World(limits, budget, TRANSITIONS, log=write(messages))
    live(world, steps)
    world.finish()
    world.check()


@settings(max_examples=60)
@given(SETTINGS, BUDGETS, MESSAGES)
def test_windows_do_not_depend_on_how_far_reading_is_ahead_of_cutting(
    limits: SplitterSettings, budget: int | None, messages: list[tuple[str, int, str, bool]]
) -> None:
    log = [
        RawText(stream_id="s", seq=number, text=text or "x", lang="en")
        for number, (_, _, text, _) in enumerate(messages)
    ]
    assume(all(raw.text.strip() for raw in log))
    ahead = World(limits, budget, TRANSITIONS, log=log)
    step_by_step = World(limits, budget, TRANSITIONS, log=log)
    for _ in log:
        step_by_step.read(1)
        step_by_step.cut_all()
    ahead.finish()
    step_by_step.finish()
    assert [w.bounds for w in ahead.windows()] == [w.bounds for w in step_by_step.windows()]
