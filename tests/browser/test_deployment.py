"""The live page of a real worker on a real broker."""

from collections.abc import Callable

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

from deploy.brokers.process import free_ports
from tests.browser.test_page import row, text, wait
from tests.flow import Deployment
from tests.scripted.text import marked

pytestmark = [pytest.mark.browser, pytest.mark.kafka]

Deploy = Callable[..., Deployment]
TEXTS = [marked("mug", ["fact"], f"this mug <b>holds</b> {n} cups") for n in range(6)]


@pytest.fixture
def address(deploy: Deploy, monkeypatch: pytest.MonkeyPatch) -> tuple[Deployment, str]:
    """A deployment with a worker, and where its page is."""
    port = free_ports(1)[0]
    monkeypatch.setenv("ROLESTREAM__WEB__PORT", str(port))
    deployment = deploy(models=["oracle-1", "oracle-2"], policy="fixed:oracle-1")
    deployment.start_worker()
    return deployment, f"http://127.0.0.1:{port}/"


def test_records_changes_and_reasons_of_a_real_worker(
    browser: Chrome, address: tuple[Deployment, str]
) -> None:
    deployment, url = address
    assert f"web: {url} (metrics, healthz, readyz, live page)" in deployment.worker_log()
    browser.get(url)
    wait(browser, "#status", "live", limit_s=15)
    wait(browser, f"{row()} .served", "oracle-1", limit_s=15)

    deployment.produce("news", "stream-1", TEXTS)
    wait(browser, "#records", "this mug <b>holds</b> 5 cups", limit_s=40)
    deployment.produce_bytes("raw-news", "stream-2", b"no json")
    deployment.flush()
    wait(browser, "#letters", "RawText", limit_s=20)

    deployment.command("policy", "pin", "oracle-2", "--domain", "news", "--role", "topic-finder")
    wait(browser, f"{row()} .served", "oracle-2", limit_s=20)
    assert "oracle-2 takes over from oracle-1" in text(browser, "#news")
    browser.find_element(By.CSS_SELECTOR, f"{row()} .open").click()
    wait(browser, "#why-news-topic_finder p", "oracle-1", limit_s=10)
