"""The session's Kafka broker: chosen and told at the start, started at first use."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import settings

from pipeline.errors import ConfigurationError
from tests.brokers import BrokerChoice, choose_broker, running_broker
from tests.flow import Deployment

CHOICE = pytest.StashKey[BrokerChoice]()

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


def pytest_configure(config: pytest.Config) -> None:
    try:
        config.stash[CHOICE] = choose_broker()
    except ConfigurationError as error:
        raise pytest.UsageError(str(error)) from error


def pytest_report_header(config: pytest.Config) -> str:
    return f"kafka: {config.stash[CHOICE].line}"


@pytest.fixture(scope="session")
def broker_choice(pytestconfig: pytest.Config) -> BrokerChoice:
    """Which broker this session uses."""
    return pytestconfig.stash[CHOICE]


@pytest.fixture(scope="session")
def bootstrap_servers(broker_choice: BrokerChoice) -> Iterator[str]:
    """The address of a running Kafka broker."""
    with running_broker(broker_choice) as address:
        yield address


def _deployments(
    bootstrap_servers: str, folders: pytest.TempPathFactory
) -> Iterator[Callable[..., Deployment]]:
    running: list[Deployment] = []

    def make(**settings: Any) -> Deployment:
        deployment = Deployment(bootstrap_servers, folders.mktemp("deployment"), **settings)
        running.append(deployment)
        return deployment

    yield make
    for deployment in running:
        deployment.stop()


@pytest.fixture
def deploy(
    bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments that end with the test."""
    yield from _deployments(bootstrap_servers, tmp_path_factory)


@pytest.fixture(scope="module")
def deploy_module(
    bootstrap_servers: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., Deployment]]:
    """Makes deployments that end with the module."""
    yield from _deployments(bootstrap_servers, tmp_path_factory)
