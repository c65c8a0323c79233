"""Workers that are killed, added and stopped lose nothing and pay for no logged answer twice."""

from collections.abc import Callable

import pytest

from schemas.answers import LoggedAnswer
from tests.flow import Deployment, until
from tests.integration.test_flow import by_subject, expected, show

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]


def test_a_killed_worker_is_replaced_without_loss(deploy: Deploy) -> None:
    deployment = deploy(
        models=["slow"],
        delay_s=0.3,
        splitter="window_sentences = 20\nmax_age_s = 5.0",
        worker="in_flight = 4",
    )
    streams = {f"show-{n}": show(150) for n in range(3)}
    worker = deployment.start_worker()
    for stream_id, texts in streams.items():
        deployment.produce("ecommerce", stream_id, texts, lang="en")
    for done in (60, 160, 300):
        deployment.wait_accounted(done)
        deployment.kill(worker)
        worker = deployment.start_worker()
    total = sum(map(len, streams.values()))
    deployment.wait_accounted(total, 120)
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for stream_id, texts in streams.items():
        wanted |= expected(stream_id, texts)
    assert by_subject(deployment.records("ecommerce")) == wanted
    assert sum(o.sentences for o in deployment.outcomes()) == total
    answers = deployment.read("answers", LoggedAnswer)
    assert len({answer.key for answer in answers}) == len(answers)


def test_workers_that_come_and_go_hand_over(deploy: Deploy) -> None:
    deployment = deploy(
        models=["slow"], delay_s=0.2, splitter="window_sentences = 20\nmax_age_s = 5.0"
    )
    streams = {f"show-{n}": show(150) for n in range(4)}
    deployment.start_worker()
    for stream_id, texts in streams.items():
        deployment.produce("ecommerce", stream_id, texts, lang="en")
    second = deployment.start_worker()
    deployment.wait_accounted(200, 90)
    second.terminate()
    until(lambda: second.poll() is not None, 30)
    assert second.returncode == 0, deployment.worker_log()
    total = sum(map(len, streams.values()))
    deployment.wait_accounted(total, 120)
    wanted: dict[tuple[str, str, str], set[int]] = {}
    for stream_id, texts in streams.items():
        wanted |= expected(stream_id, texts)
    assert by_subject(deployment.records("ecommerce")) == wanted
    assert deployment.dead_letters() == []
