"""The compose files keep what was promised of every container; the configurations load."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from deploy.compose.access import access_rules
from pipeline.config import KafkaSettings, load_config

ROOT = Path(__file__).parents[4]


class Loader(yaml.SafeLoader):
    """Takes Compose's !override and !reset as what they stand before."""


def _plain(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node) if isinstance(node, yaml.ScalarNode) else None


Loader.add_multi_constructor("!", _plain)
BASE = yaml.load((ROOT / "docker-compose.yml").read_text(), Loader)  # noqa: S506 - a safe loader
SECURE = yaml.load((ROOT / "docker-compose.secure.yml").read_text(), Loader)  # noqa: S506 - a safe loader
CHOICES = dict(re.findall(r"^([A-Z_0-9]+)=(.*)$", (ROOT / ".env").read_text(), re.MULTILINE))
ALONE = {**BASE["services"], "secrets": SECURE["services"]["secrets"]}


@pytest.mark.parametrize("name", sorted(ALONE))
def test_a_service_is_hardened_and_bounded(name: str) -> None:
    service = ALONE[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"cpus", "memory", "pids"} <= set(service["deploy"]["resources"]["limits"])
    assert all(str(port).startswith("127.0.0.1:") for port in service.get("ports", ()))
    assert "privileged" not in service


@pytest.mark.parametrize("name", sorted(BASE["services"]))
def test_what_goes_on_running_has_a_health_check_and_comes_back(name: str) -> None:
    service = BASE["services"][name]
    if name in ("topics", "web-token", "samples", "cli"):
        assert not str(service.get("restart", "")).startswith(("always", "unless"))
    else:
        assert service["restart"] == "unless-stopped"
        assert service["healthcheck"]["test"]


def test_every_image_is_pinned_by_a_version_of_the_committed_choices() -> None:
    for service in ALONE.values():
        [variable] = re.findall(r":\$\{([A-Z_]+)\}$", service["image"])
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", CHOICES[variable])
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=python:3\.\d+-slim-\w+$", dockerfile, re.MULTILINE)


def test_every_variable_of_the_files_has_a_committed_choice_and_none_is_a_secret() -> None:
    text = (ROOT / "docker-compose.yml").read_text() + (
        ROOT / "docker-compose.secure.yml"
    ).read_text()
    assert set(re.findall(r"\$\{([A-Z_0-9]+)\}", text)) == set(CHOICES) - {"COMPOSE_PROFILES"}
    assert not [name for name in CHOICES if re.search("KEY|PASSWORD|SECRET|TOKEN", name)]


def test_without_a_choice_the_models_need_no_key() -> None:
    assert CHOICES["COMPOSE_PROFILES"].split(",") == ["keyless", "samples"]
    assert BASE["services"]["models"]["profiles"] == ["keyless"]


@pytest.mark.parametrize("name", ["keyless", "endpoints"])
def test_a_configuration_loads_and_shows_its_metrics_behind_a_token(name: str) -> None:
    config = load_config(ROOT / "deploy" / "compose" / f"{name}.toml", environ={})
    assert config.models
    assert config.web.host == "0.0.0.0"
    assert config.web.token_file is not None


def test_every_role_runs_in_exactly_one_service() -> None:
    from agents.worker import ALL_ROLES

    chosen = [
        role
        for service in BASE["services"].values()
        if "--roles" in service.get("command", ())
        for role in service["command"][service["command"].index("--roles") + 1].split(",")
    ]
    assert sorted(chosen) == sorted(ALL_ROLES)


def test_every_principal_has_a_password_that_only_its_service_mounts() -> None:
    rules = access_rules(KafkaSettings(bootstrap_servers="kafka:9092"), ["news"])
    script = (ROOT / "deploy" / "compose" / "secure" / "make_secrets.sh").read_text()
    [users] = re.findall(r"^for user in (.+); do$", script, re.MULTILINE)
    assert set(users.split()) == {grant.principal for grant in rules} | {"admin"}
    made = SECURE["services"]["secrets"]["volumes"]
    # A volume on a folder that the image does not have belongs to root: nobody could write there.
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text()
    [folders] = re.findall(
        r"rolestream/made && install [-\w ]+10001 (kafka[^\n]*\n[\w -]+)", dockerfile
    )
    assert set(folders.replace("\\", " ").split()) == {"kafka", *users.split()}
    for user in users.split():
        assert f"secret-{user}:/run/rolestream/made/{user}" in made
        mounted = f"secret-{user}:/run/rolestream/secrets:ro"
        services = [s for s in SECURE["services"].values() if mounted in s.get("volumes", ())]
        names = {s["environment"]["ROLESTREAM__KAFKA__SASL_USERNAME"] for s in services}
        assert names == {user}
