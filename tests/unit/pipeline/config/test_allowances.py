"""The tables of limits and budgets, and what is said of mistakes in them."""

from pathlib import Path

import pytest

from pipeline.allowances.resources import Resources
from pipeline.config import Config, load_config
from pipeline.errors import ConfigurationError
from tests.in_memory_models import arm

KAFKA = '[kafka]\nbootstrap_servers = "broker:9092"\n'


def config_of(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "mine.toml"
    path.write_text(KAFKA + text, encoding="utf-8")
    return load_config(path, {})


def test_nothing_is_shared_unless_it_is_configured(tmp_path: Path) -> None:
    config = config_of(tmp_path, "")
    assert not Resources(config.limits, config.budget)


def test_all_tables_are_read(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        '[limits."https://a/v1"]\nrequests_per_minute = 60\ntokens_per_minute = 1000\n'
        "[budget]\nrun_usd = 9.0\nday_usd = 5.0\n[budget.role.content_organizer]\nday_usd = 1.0\n"
        '[budget.domain.news]\nhour_usd = 0.5\nat_limit = "pause"\n',
    )
    resources = Resources(config.limits, config.budget)
    assert resources.window_names == {"requests:https://a/v1", "tokens:https://a/v1"}
    accounts = resources.accounts()
    assert {name: account.at_limit for name, account in accounts.items()} == {
        "usd:run": "degrade",
        "usd:day": "degrade",
        "usd:role content_organizer day": "degrade",
        "usd:domain news hour": "pause",
    }


def test_the_group_of_an_arm_is_named_or_its_address(tmp_path: Path) -> None:
    tables = "".join(
        f'[limits."{name}"]\nrequests_per_minute = 60\n'
        for name in ("shared", "http://in-memory.invalid/v1", "http://in-memory.invalid/v1 KEY")
    )
    config = config_of(tmp_path, tables)
    resources = Resources(config.limits, config.budget)
    assert resources.group(arm("a")) == "http://in-memory.invalid/v1"
    assert resources.group(arm("a", api_key_env="KEY")) == "http://in-memory.invalid/v1 KEY"
    assert resources.group(arm("a", limit_group="shared")) == "shared"
    assert Resources({}, config.budget).group(arm("a")) is None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[budget]\nday_usd = -1\n", "budget.day_usd: "),
        ('[budget]\nat_limit = "shrug"\n', "budget.at_limit: "),
        ("[budget.role.cook]\nday_usd = 1\n", "budget.role.cook: no such role"),
        ('[limits."x"]\nrequests_per_minute = 0\n', "limits.x.requests_per_minute: "),
        (
            '[[models]]\nname = "a"\nbase_url = "http://a"\nusd_per_million_input = 1\n'
            'usd_per_million_output = 1\nlimit_group = "x"\n',
            'there is no table [limits."x"]; add it',
        ),
    ],
)
def test_a_mistake_is_told_with_its_place(tmp_path: Path, text: str, where: str) -> None:
    with pytest.raises(ConfigurationError, match=r"mine\.toml") as caught:
        config_of(tmp_path, text)
    assert where in str(caught.value)
