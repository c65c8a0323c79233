"""The live page as people use it: what is shown, what changes, and what must not happen."""

import logging
import time
from datetime import UTC, datetime

import pytest
from selenium.webdriver import ActionChains, Chrome, Keys
from selenium.webdriver.common.by import By
from selenium.webdriver.support.wait import WebDriverWait

from schemas.rewards import QualitySource
from schemas.roles import MODEL_ROLES
from tests.browser.page_server import PageServer
from tests.live_messages import allowances, assignment, dead_letter, outcome, record, reward

pytestmark = pytest.mark.browser

log = logging.getLogger("tests.browser")
HOSTILE = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


def now() -> datetime:
    return datetime.now(UTC)


def text(browser: Chrome, selector: str) -> str:
    """The text of the first element, read at once: it may be redrawn at any moment."""
    found = browser.execute_script(
        "return document.querySelector(arguments[0])?.textContent ?? ''", selector
    )
    return str(found)


def wait(browser: Chrome, selector: str, part: str, limit_s: float = 6.0) -> None:
    """Waits until the element has `part` in its text."""
    WebDriverWait(browser, limit_s, poll_frequency=0.05).until(
        lambda b: part in text(b, selector), f"no {part!r} in {selector}"
    )


def row(role: str = "topic_finder", domain: str = "news") -> str:
    return f"tr[data-key='{domain}|{role}']"


def test_it_shows_what_there_is(browser: Chrome, page: PageServer) -> None:
    def fill() -> None:
        page.board.assigned(assignment("small", at=now()))
        for _ in range(12):
            page.board.reward(reward("small", 0.9, QualitySource.FEEDBACK, at=now()))
        page.board.record(record("the price is forty", at=now()))
        page.board.outcome(outcome(at=now()))
        page.board.dead_letter(dead_letter("seq is too low", at=now()))
        page.board.allowances(allowances("news", spent_usd=1.79))

    page.do(fill)
    browser.get(page.address)
    wait(browser, row(), "small")
    shown = text(browser, row())
    assert "90 %" in shown
    assert "12 by feedback" in shown
    assert "500 ms" in shown
    assert "$0.012" in shown
    wait(browser, "#records", "the price is forty")
    assert "seq is too low" in text(browser, "#letters")
    assert "topic finder" in text(browser, "#lag")
    assert "12" in text(browser, "#lag")
    assert "$3.21" in text(browser, "#figures")
    wait(browser, "#status", "live")
    assert len(browser.find_elements(By.CSS_SELECTOR, "#charts canvas")) == 4


def test_a_new_record_appears_within_two_seconds_and_survives_a_reload(
    browser: Chrome, page: PageServer
) -> None:
    browser.get(page.address)
    wait(browser, "#status", "live")
    page.do(lambda: page.board.record(record("fresh from the stream", at=now())))
    wait(browser, "#records", "fresh from the stream", limit_s=2.0)
    browser.refresh()
    wait(browser, "#records", "fresh from the stream")


def test_a_revision_takes_the_place_of_the_record(browser: Chrome, page: PageServer) -> None:
    page.do(lambda: page.board.record(record("as it was", "r1", at=now())))
    browser.get(page.address)
    wait(browser, "#records", "as it was")
    page.do(lambda: page.board.record(record("as it is", "r1", revision=2, at=now())))
    wait(browser, "#records", "as it is")
    assert "as it was" not in text(browser, "#records")


def test_an_assignment_change_appears_and_is_said(browser: Chrome, page: PageServer) -> None:
    page.do(lambda: page.board.assigned(assignment("small", at=now())))
    browser.get(page.address)
    wait(browser, f"{row()} .served", "small")
    page.do(lambda: page.board.assigned(assignment("large", 2, ("small",), at=now())))
    wait(browser, f"{row()} .served", "large", limit_s=2.0)
    assert "news, topic finder: large takes over from small" in text(browser, "#news")
    assert len(browser.find_elements(By.CSS_SELECTOR, f"{row()} .lane span")) == 2
    label = browser.find_element(By.CSS_SELECTOR, f"{row()} .lane").get_attribute("aria-label")
    assert label is not None
    assert "small from" in label
    assert "large from" in label


def test_hostile_text_stays_text(browser: Chrome, page: PageServer) -> None:
    def fill() -> None:
        page.board.assigned(assignment(HOSTILE[:90], reason=HOSTILE, at=now()))
        page.board.reward(reward(HOSTILE[:90], at=now()))
        page.board.record(record(HOSTILE, subject=HOSTILE, category=HOSTILE, at=now()))
        page.board.dead_letter(dead_letter(HOSTILE, at=now()))
        page.board.allowances(allowances(HOSTILE))

    page.do(fill)
    browser.get(page.address)
    wait(browser, "#records blockquote", HOSTILE)
    wait(browser, "#letters", HOSTILE)
    wait(browser, "#figures", HOSTILE)
    browser.find_element(By.CSS_SELECTOR, f"{row()} .open").click()
    wait(browser, f"{row()} .served", "<img")
    time.sleep(0.5)
    assert browser.title == "Rolestream"
    assert browser.find_elements(By.CSS_SELECTOR, "main img, main script") == []


def test_a_script_that_got_in_would_not_run(browser: Chrome, page: PageServer) -> None:
    browser.get(page.address)
    refused = browser.execute_script(
        "try { document.body.innerHTML = '<b>x</b>'; return false } catch { return true }"
    )
    browser.get_log("browser")
    assert refused is True


def test_on_a_phone_nothing_is_wider_than_the_screen(browser: Chrome, page: PageServer) -> None:
    def fill() -> None:
        for role in MODEL_ROLES:
            page.board.assigned(assignment("a-model-with-a-long-name-2026", role=role, at=now()))
        page.board.record(record("word" * 80, subject="subject" * 20, at=now()))

    page.do(fill)
    metrics = {"width": 360, "height": 740, "deviceScaleFactor": 2, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.get(page.address)
    wait(browser, "#records", "word")
    wide = browser.execute_script("return document.documentElement.scrollWidth")
    assert wide <= 360
    small = browser.execute_script(
        "return [...document.querySelectorAll('button, select')]"
        ".filter((e) => e.offsetHeight < 28).length"
    )
    assert small == 0


def contrast(browser: Chrome) -> float:
    """The contrast of text and ground by WCAG 2.2."""
    found = browser.execute_script(
        """
        const rgb = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);
        const light = (text) => {
          const [r, g, b] = rgb(text).map((c) => c / 255)
            .map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
          return 0.2126 * r + 0.7152 * g + 0.0722 * b;
        };
        const note = getComputedStyle(document.querySelector('.panel .note')).color;
        const panel = getComputedStyle(document.querySelector('.panel')).backgroundColor;
        const [a, b] = [light(note), light(panel)].sort((x, y) => y - x);
        return (a + 0.05) / (b + 0.05);
        """
    )
    return float(found)


def test_dark_mode_is_dark_and_both_can_be_read(browser: Chrome, page: PageServer) -> None:
    browser.get(page.address)
    wait(browser, "#status", "live")
    ground = "return getComputedStyle(document.body).backgroundColor"
    light = browser.execute_script(ground)
    assert contrast(browser) >= 4.5
    features = [{"name": "prefers-color-scheme", "value": "dark"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    assert browser.execute_script(ground) != light
    assert contrast(browser) >= 4.5


def test_with_the_keyboard_alone(browser: Chrome, page: PageServer) -> None:
    page.do(lambda: page.board.assigned(assignment("small", reason="it is cheap", at=now())))
    browser.get(page.address)
    wait(browser, row(), "small")

    def press(*keys: str) -> None:
        ActionChains(browser).send_keys(*keys).perform()

    def focused() -> str:
        return str(browser.execute_script("return document.activeElement.textContent.trim()"))

    press(Keys.TAB)
    assert focused() == "Skip to the roles"
    press(Keys.ENTER)
    seen = []
    for _ in range(12):
        press(Keys.TAB)
        seen.append(focused())
        key = browser.execute_script("return document.activeElement.closest('tr')?.dataset.key")
        if key == "news|topic_finder":
            break
    assert seen[-1] == "topic finder"
    press(Keys.ENTER)
    opened = browser.switch_to.active_element
    assert opened.get_attribute("aria-expanded") == "true"
    wait(browser, "#why-news-topic_finder", "thompson")
    press(Keys.SPACE)
    assert opened.get_attribute("aria-expanded") == "false"


def test_the_domain_can_be_chosen(browser: Chrome, page: PageServer) -> None:
    def fill() -> None:
        page.board.record(record("in the news", at=now()))
        page.board.record(record("in the shop", domain="ecommerce", at=now()))

    page.do(fill)
    browser.get(page.address)
    wait(browser, "#records", "in the shop")
    browser.find_element(By.ID, "domain").send_keys("news")
    WebDriverWait(browser, 3).until(lambda b: "in the shop" not in text(b, "#records"))
    assert "in the news" in text(browser, "#records")
    assert browser.find_elements(By.CSS_SELECTOR, row(domain="ecommerce")) == []


def test_pause_holds_the_records_only(browser: Chrome, page: PageServer) -> None:
    page.do(lambda: page.board.record(record("before", at=now())))
    browser.get(page.address)
    wait(browser, "#records", "before")
    browser.find_element(By.ID, "pause").click()
    page.do(lambda: page.board.record(record("meanwhile", at=now())))
    wait(browser, "#figures", "2 in all")
    assert "meanwhile" not in text(browser, "#records")
    browser.find_element(By.ID, "pause").click()
    wait(browser, "#records", "meanwhile")


def measured(browser: Chrome) -> dict[str, float]:
    """Chromium's own counters, with the page's number of drawings and of elements."""
    found = browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]
    drawn, nodes = browser.execute_script(
        "return [Number(document.body.dataset.drawn), document.querySelectorAll('*').length]"
    )
    return {item["name"]: item["value"] for item in found} | {"drawn": drawn, "nodes": nodes}


def test_ten_thousand_records_a_minute(browser: Chrome, page: PageServer) -> None:
    browser.get(page.address)
    wait(browser, "#status", "live")
    # Time on the processor, so that a busy machine does not change the result.
    browser.execute_cdp_cmd("Performance.enable", {"timeDomain": "threadTicks"})
    before = measured(browser)
    seconds, a_second = 12, 170
    sent = 0
    begin = time.monotonic()
    while (elapsed := time.monotonic() - begin) < seconds:
        due = int(elapsed * a_second) - sent

        def burst(first: int = sent, count: int = due) -> None:
            for number in range(first, first + count):
                page.board.record(record(f"record {number} {'x' * 150}", at=now()))
                page.board.reward(reward(role=MODEL_ROLES[number % 4], at=now()))
                page.board.outcome(outcome(at=now()))

        page.do(burst)
        sent += due
        time.sleep(0.05)
    last = f"record {sent - 1} "
    wait(browser, "#records", last, limit_s=3.0)
    after = measured(browser)
    busy_s = after["TaskDuration"] - before["TaskDuration"]
    drawn = after["drawn"] - before["drawn"]
    figures = f"{sent} records in {seconds} s: {busy_s:.2f} s busy, {drawn:g} drawings, "
    figures += f"{after['nodes']:g} elements, heap {after['JSHeapUsedSize'] / 1e6:.1f} MB"
    log.info(figures)
    assert drawn <= seconds + 4, figures
    assert busy_s < 0.15 * seconds, figures
    assert after["nodes"] < 3000, figures
    assert after["JSHeapUsedSize"] < 60e6, figures
    assert len(browser.find_elements(By.CSS_SELECTOR, "#records > li")) == 50


def test_it_says_when_the_process_is_gone_and_comes_back(browser: Chrome) -> None:
    with PageServer() as server:
        browser.get(server.address)
        wait(browser, "#status", "live")
    wait(browser, "#status", "does not answer")
    browser.get_log("browser")
