"""Headless Chromium, as the operating system's package brings it, and a page to look at."""

import os
import shutil
from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.browser.page_server import PageServer

_NAMES = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def chrome() -> Iterator[Chrome]:
    """A browser; skipped without one, unless ROLESTREAM_REQUIRE_BROWSER is set."""
    binary = next((found for name in _NAMES if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if binary is None or driver is None:
        text = "no Chromium: apt-get install chromium chromium-driver"
        if os.environ.get("ROLESTREAM_REQUIRE_BROWSER"):
            pytest.fail(text)
        pytest.skip(text)
    options = ChromeOptions()
    options.binary_location = binary
    # Chromium's own sandbox cannot be had as root or in most containers; the pages are our own.
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    browser = Chrome(options=options, service=Service(driver))
    yield browser
    browser.quit()


@pytest.fixture
def page() -> Iterator[PageServer]:
    """A page over an empty board."""
    with PageServer() as server:
        yield server


@pytest.fixture
def browser(chrome: Chrome) -> Iterator[Chrome]:
    """The browser at a desk's width, in light mode; what its console said must be nothing."""
    chrome.get_log("browser")
    chrome.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    chrome.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})
    chrome.set_window_size(1360, 1000)
    yield chrome
    said = [entry for entry in chrome.get_log("browser") if entry["level"] != "INFO"]
    chrome.get("about:blank")
    assert said == []
