"""The embedded arms, built once a session."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from pipeline.domains import Domain, load_domains
from pipeline.models.embedded.arm import Arm
from pipeline.models.embedded.embedder import Embedder, load_embedder
from pipeline.models.embedded.pool import DEFAULT_ARMS, build_arms
from tests.unit.pipeline.models.embedded.tasks import bare_domain


@pytest.fixture(scope="session")
def domains() -> Mapping[str, Domain]:
    return {**load_domains(), "bare": bare_domain()}


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    return load_embedder(threads=1)


@pytest.fixture(scope="session")
def arms(domains: Mapping[str, Domain]) -> Mapping[str, Arm]:
    return {arm.name: arm for arm in build_arms(DEFAULT_ARMS, domains)}
