"""One misbehaving server for all tests of this folder."""

from collections.abc import Iterator

import pytest

from tests.faults.endpoint import Endpoint, running_endpoint


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """A server whose models commit every fault."""
    with running_endpoint(tmp_path_factory.mktemp("faults")) as running:
        yield running
