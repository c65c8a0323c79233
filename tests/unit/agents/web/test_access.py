"""Who may read what a process shows."""

from base64 import b64encode
from pathlib import Path

import pytest

from agents.web.access import Access, is_loopback
from pipeline.config import WebSettings
from pipeline.errors import ConfigurationError

TOKEN = "a-token-of-24-characters"


def basic(password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"anyone:{password}".encode()).decode()}


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ROLESTREAM_WEB_TOKEN", raising=False)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.9.1", "localhost", "::1", "[::1]"])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "10.0.0.7", "example.org", "::", "127.0.0.1.evil.com"])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)


def test_another_address_needs_a_token(monkeypatch: pytest.MonkeyPatch) -> None:
    open_to_all = WebSettings(host="0.0.0.0")
    with pytest.raises(ConfigurationError, match="ROLESTREAM_WEB_TOKEN"):
        Access.of(open_to_all)
    monkeypatch.setenv("ROLESTREAM_WEB_TOKEN", TOKEN)
    assert Access.of(open_to_all).token == TOKEN


def test_a_token_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert Access.of(WebSettings(host="0.0.0.0", token_file=file)).token == TOKEN


@pytest.mark.parametrize("text", ["short", "", "ключ ключ ключ ключ ключ"])
def test_a_weak_token_is_refused_without_being_told(tmp_path: Path, text: str) -> None:
    file = tmp_path / "token"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="16 characters") as caught:
        Access.of(WebSettings(token_file=file))
    assert not text or text not in str(caught.value)


def test_a_missing_file_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot read"):
        Access.of(WebSettings(token_file=tmp_path / "none"))


def test_the_token_opens() -> None:
    access = Access(TOKEN)
    assert access.allows({"Authorization": f"Bearer {TOKEN}", "Host": "elsewhere.example"})
    assert access.allows(basic(TOKEN))


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "localhost"},
        {"Authorization": f"Bearer {TOKEN[:-1]}"},
        {"Authorization": f"Bearer {TOKEN}x"},
        {"Authorization": "Bearer"},
        {"Authorization": TOKEN},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic YQ=="},
        {"Authorization": "Bearer \udcff"},
        basic("something else"),
    ],
)
def test_nothing_else_opens(headers: dict[str, str]) -> None:
    assert not Access(TOKEN).allows(headers)


@pytest.mark.parametrize("host", ["localhost:8010", "127.0.0.1", "[::1]:8010"])
def test_without_a_token_the_machine_itself_may(host: str) -> None:
    assert Access(None).allows({"Host": host})


@pytest.mark.parametrize(
    "host", ["", "evil.example", "evil.example:8010", "localhost.evil.example"]
)
def test_a_foreign_name_that_points_here_may_not(host: str) -> None:
    assert not Access(None).allows({"Host": host})
