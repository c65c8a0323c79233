"""The figures of the benches: rates over whole rounds, hops without the models, right answers."""

import json

import pytest

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
