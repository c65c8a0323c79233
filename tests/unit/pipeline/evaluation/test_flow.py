"""Streams through the flow in process, with models that read the labels off the sentences."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest

from pipeline.clock import ManualClock
from pipeline.config import SplitterSettings, WorkerSettings
from pipeline.decisions.learner import Learner
from pipeline.decisions.policy_maker import PolicyMaker
from pipeline.decisions.run import Runner
from pipeline.decisions.serve import RoleServer
from pipeline.domains import load_domains
from pipeline.evaluation.casting import Casting, LearningPolicy, NamedArms
from pipeline.evaluation.flow import Flow
from pipeline.evaluation.found import found_subjects
from pipeline.evaluation.gold import GoldSubject, GoldWindow
from pipeline.evaluation.labelled import NO_CATEGORY, LabelledSentence
from pipeline.evaluation.run import People, WindowResult, evaluate
from pipeline.evaluation.sorting import sort_sentences
from pipeline.models.declared import DeclaredModels
from pipeline.rolerl.reward import reward_preset
from schemas.rewards import RewardEvent
from schemas.roles import MODEL_ROLES, Role
from tests.in_memory_models import pool_of
from tests.scripted.text import marked
from tests.unit.pipeline.evaluation.reading_models import ReadingModel, config_of
from tests.unit.pipeline.evaluation.small_gold import gold_window, label

DOMAIN = load_domains()["ecommerce"]
TEXTS = (
    *(marked("lamp", ["opening"], f"the lamp {n}") for n in (1, 2)),
    *(marked("lamp", ["price_discussion"], f"it costs {n}") for n in (3, 4)),
    marked(None, [], "well well"),
    *(marked("rug", ["product_description"], f"the rug {n}") for n in (6, 7, 8)),
)
GOLD = replace(
    gold_window(
        [
            GoldSubject(("lamp",), frozenset({1, 2, 3, 4}), (1, 4)),
            GoldSubject(("rug",), frozenset({6, 7, 8}), (6, 8)),
        ],
        {
            **{place: label("opening") for place in (1, 2)},
            **{place: label("price_discussion") for place in (3, 4)},
            5: label(None),
            **{place: label("product_description") for place in (6, 7, 8)},
        },
    ),
    texts=TEXTS,
)


class Hearing:
    """A casting that remembers what it is told."""

    def __init__(self, inner: Casting) -> None:
        self._inner = inner
        self.events: list[RewardEvent] = []
        self.role_assignment = inner.role_assignment

    def learn(self, events: Sequence[RewardEvent]) -> None:
        self.events += events
        self._inner.learn(events)


def flow_of(
    models: Mapping[str, ReadingModel],
    clock: ManualClock,
    casting: Casting,
    splitter: SplitterSettings | None = None,
) -> Flow:
    pool = pool_of(models)
    server = RoleServer(
        pool, Runner(pool, clock), {DOMAIN.name: DOMAIN}, reward_preset("paper", value_usd=1.0), 3
    )
    return Flow(server, DOMAIN, casting, clock, 100_000, splitter, WorkerSettings())


def named(name: str, clock: ManualClock) -> NamedArms:
    return NamedArms(dict.fromkeys(MODEL_ROLES, name), clock)


async def played(
    models: Mapping[str, ReadingModel],
    casting: Casting,
    clock: ManualClock,
    windows: Sequence[GoldWindow] = (GOLD,),
    people: People | None = None,
) -> list[WindowResult]:
    flow = flow_of(models, clock, casting)
    return await evaluate(flow, casting, DOMAIN.name, windows, clock, people=people)


async def test_a_model_that_is_right_scores_one_everywhere() -> None:
    clock = ManualClock()
    models = {"reader": ReadingModel(clock, takes_s=0.5, cost_usd=0.25)}
    (result,) = await played(models, named("reader", clock), clock)
    blocks = result.counts.blocks()
    assert all(value == 1.0 for block in blocks.values() for value in block.values())
    assert (result.cost_usd, result.runs, result.latency_s) == (1.0, 4, 2.0)
    assert result.faults == ()


async def test_a_window_whose_role_gets_no_answer_came_to_nothing_and_is_paid() -> None:
    clock = ManualClock()
    models = {"reader": ReadingModel(clock, fails=Role.TOPIC_LOCATOR, cost_usd=0.25)}
    (result,) = await played(models, named("reader", clock), clock)
    assert result.found == ()
    assert result.counts.blocks()["sentences"]["recall"] == 0.0
    assert "topic_locator" in result.faults[0]
    # The finder's run, and the locator's with its repair.
    assert result.cost_usd == pytest.approx(0.75)


async def test_a_long_stream_is_cut_and_its_records_come_together() -> None:
    clock = ManualClock()
    models = {"reader": ReadingModel(clock)}
    texts = [marked("lamp", ["opening"], f"line {n}") for n in range(1, 12)]
    splitter = SplitterSettings(window_sentences=4)
    flow = flow_of(models, clock, named("reader", clock), splitter)
    stream = await flow.play("talk", "en", texts)
    assert len(stream.tasks) > 1
    (lamp,) = found_subjects(stream.records, stream.tasks)
    assert lamp.sentences == lamp.covered == frozenset(range(1, 12))


async def test_a_policy_learns_from_the_events_of_every_run() -> None:
    clock = ManualClock()
    models = {
        "reader": ReadingModel(clock, cost_usd=0.25),
        "broken": ReadingModel(clock, fails=Role.TOPIC_FINDER, cost_usd=0.25),
    }
    config = config_of(models, policy="thompson")
    learner = Learner(PolicyMaker(config, DeclaredModels(config.models)))
    hearing = Hearing(LearningPolicy(learner, clock))
    windows = [replace(GOLD, name=f"en/talk-{n}") for n in range(12)]
    results = await played(models, hearing, clock, windows)
    assert learner.position == len(hearing.events) - 1
    assert {event.model for event in hearing.events} == {"reader", "broken"}
    assert sum(result.cost_usd for result in results) == pytest.approx(
        sum(event.cost_usd for event in hearing.events)
    )
    shares = hearing.role_assignment(DOMAIN.name, Role.TOPIC_FINDER).mix
    assert max(shares, key=lambda share: share.probability).model == "reader"


@pytest.mark.parametrize(("rate", "expected"), [(0.0, 0), (1.0, 4)])
async def test_people_speak_as_often_as_they_are_asked_to(rate: float, expected: int) -> None:
    clock = ManualClock()
    models = {"reader": ReadingModel(clock)}
    hearing = Hearing(named("reader", clock))
    await played(models, hearing, clock, people=People(rate))
    late = [event for event in hearing.events if event.quality_source == "feedback"]
    assert len(late) == expected
    assert all(event.late and event.cost_usd == 0.0 and event.quality == 1.0 for event in late)


async def test_single_sentences_are_sorted_each_by_itself() -> None:
    clock = ManualClock()
    news = load_domains()["news"]
    pool = pool_of({"reader": ReadingModel(clock, takes_s=0.5, cost_usd=0.25)})
    server = RoleServer(
        pool, Runner(pool, clock), {"news": news}, reward_preset("paper", value_usd=1.0), 0
    )
    sentences = [
        LabelledSentence(marked("story", ["opinion"], "what a shame"), "en", "opinion"),
        LabelledSentence("no word of it", "en", "fact"),
    ]
    said = await sort_sentences(server, named("reader", clock), news, sentences, clock)
    assert [answer.category for answer in said] == ["opinion", NO_CATEGORY]
    assert [(answer.cost_usd, answer.latency_s) for answer in said] == [(0.25, 0.5)] * 2
