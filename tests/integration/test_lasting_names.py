"""A worker with a lasting name takes its partitions up again at once when it is restarted."""

import time
from collections.abc import Callable

import pytest

from tests.flow import Deployment, until
from tests.integration.test_flow import by_subject, expected, show

pytestmark = pytest.mark.kafka

Deploy = Callable[..., Deployment]

_LONG_SESSION = "session_timeout_s = 120.0\nheartbeat_interval_s = 1.0"
_SPLITTER = "window_sentences = 20\nmax_age_s = 2.0"


def test_a_killed_worker_is_not_waited_for_when_it_comes_back(deploy: Deploy) -> None:
    deployment = deploy(splitter=_SPLITTER, worker='group_instance_id = "one"', kafka=_LONG_SESSION)
    worker = deployment.start_worker()
    texts = show(150)
    deployment.produce("ecommerce", "show", texts, lang="en")
    deployment.wait_accounted(40)
    deployment.kill(worker)
    killed_s = time.monotonic()
    deployment.start_worker()
    deployment.wait_accounted(len(texts), 90)
    assert time.monotonic() - killed_s < 120.0
    assert by_subject(deployment.records("ecommerce")) == expected("show", texts)


def test_two_workers_of_one_name_share_the_work_all_the_same(deploy: Deploy) -> None:
    deployment = deploy(splitter=_SPLITTER, worker='group_instance_id = "one"')
    first, second = show(60), show(80)
    deployment.start_worker()
    deployment.produce("ecommerce", "show", first, lang="en")
    deployment.wait_accounted(len(first))
    deployment.start_worker()
    until(lambda: "going on without that group_instance_id" in deployment.worker_log(), 60)
    deployment.produce("ecommerce", "show-2", second, lang="en")
    deployment.wait_accounted(len(first) + len(second), 90)
    wanted = {**expected("show", first), **expected("show-2", second)}
    assert by_subject(deployment.records("ecommerce")) == wanted
