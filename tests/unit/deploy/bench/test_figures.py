"""The figures of the benches: rates over whole rounds, hops without the models, right answers."""

import json

import pytest

from deploy.bench.growing import Case as GrowthCase
from deploy.bench.growing import window_of
from deploy.bench.growth import Stretch, row
from deploy.bench.growth import cases as growing_cases
from deploy.bench.inflight import SYSTEMS, Case, cases, steady_rate
from deploy.bench.latency import Passage, quantile
from deploy.bench.model_server import Models
from deploy.bench.windows import DOMAIN, finder_task
from pipeline.domains import load_domains
from pipeline.olp.topic_finder import TopicFinder
from schemas.roles import Role


def test_bursts_of_a_constant_latency_do_not_count() -> None:
    bursts = [0.2 * burst for burst in range(10) for _ in range(4)]
    assert steady_rate(bursts, 4) == pytest.approx(4 / 0.2)
    assert steady_rate(bursts[:-2], 4) == pytest.approx(4 / 0.2)
    assert steady_rate([1.0], 4) == 0.0


def test_systems_that_call_one_by_one_have_one_case_a_latency() -> None:
    found = list(cases(SYSTEMS, [1, 16], [0.05], [1, 2]))
    by_system = {name: [c for c in found if c.system == name] for name in SYSTEMS}
    assert [len(by_system[name]) for name in SYSTEMS] == [4, 1, 2, 2, 1]
    assert Case("x", 16, 0.2, 2).limit_per_s == 160.0


def test_the_models_time_is_taken_out_of_its_hop() -> None:
    passage = Passage(10.0, spent_s={Role.TOPIC_FINDER.value: 0.02})
    places = [*(role.value for role in list(Role)[1:]), "records"]
    passage.reached_s = {place: 10.0 + 0.03 * (n + 1) for n, place in enumerate(places)}
    assert passage.complete
    hops = passage.hops_s
    assert hops[Role.TOPIC_FINDER.value] == pytest.approx(0.01)
    assert hops[Role.CHUNK_SPLITTER.value] == pytest.approx(0.03)
    assert sum(hops.values()) == pytest.approx(0.18 - 0.02)
    assert quantile([3.0, 1.0, 2.0], 0.5) == 2.0
    assert quantile([3.0, 1.0, 2.0], 0.99) == 3.0


def test_the_model_server_answers_rightly_and_on_time() -> None:
    task = finder_task(0, "stream", 1, 30)
    prompt = TopicFinder().prompt(task, load_domains(())[DOMAIN])
    messages = [{"role": role, "content": content} for role, content in prompt.messages]
    body = json.dumps({"model": "bench", "messages": messages}).encode()
    models = Models(0.2, 0.5)
    reply, about = models.reply(body)
    content = json.loads(b"".join(reply).partition(b"\r\n\r\n")[2])["choices"][0]["message"][
        "content"
    ]
    names = [subject["name"] for subject in json.loads(content)["subjects"]]
    assert names == ["harvest report", "harbour report"]
    assert about == f"topic_finder|{task.window.sentences[0].text}"
    delays = [models.delay_s() for _ in range(4000)]
    assert sum(delays) / len(delays) == pytest.approx(0.2, rel=0.05)
    assert len(set(delays)) > 1


def test_growing_streams_are_measured_in_their_last_half() -> None:
    before, measured = GrowthCase("windows", 10).places(144)
    assert {place.window for place in before} == set(range(5))
    assert {place.window for place in measured} == set(range(5, 10))
    assert len(measured) == len(set(measured)) == 144
    before, measured = GrowthCase("windows", 1000).places(144)
    assert (len(before), measured[0].window, measured[-1].window) == (856, 856, 999)


def test_subjects_are_all_known_before_a_window_is_measured() -> None:
    case = GrowthCase("subjects", 1000)
    before, measured = case.places(144)
    assert (len(before), len(measured), case.known_subjects) == (250, 144, 1000)
    texts = [value for place in (*before, measured[0]) for value in window_of(case, place, 12)]
    names = {json.loads(text)["text"].split("|")[0] for text in texts}
    assert len(names) == 1004


def test_what_is_used_regularly_is_not_in_the_cost_of_a_window() -> None:
    busy = Stretch(windows=50, cpu_s=1.5, took_s=4.0, calls=200)
    figures = row(GrowthCase("arms", 1), 0.1, [busy] * 3, 8.0)
    assert figures["cpu_ms_per_window"] == pytest.approx(20.0)
    assert figures["regular_cpu_ms_per_s"] == pytest.approx(100.0)
    assert (figures["calls_per_window"], figures["windows_per_s"]) == (4.0, 12.5)


def test_a_pool_without_a_choice_has_nothing_to_settle() -> None:
    found = [(case.what, case.size) for case in growing_cases([10], [10], [1, 10])]
    settled = [("arms", 1), ("arms", 10), ("settled arms", 10)]
    assert found == [("windows", 10), ("subjects", 10), *settled]
