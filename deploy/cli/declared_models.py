"""The arms as the configuration and the pool's changes declare them together."""

import click

from agents.reachability import CONNECT_TIMEOUT_S
from deploy.cli.keyed_values import KeyedValues
from pipeline.config import Config
from pipeline.errors import ConfigurationError, RetryableError
from pipeline.models.declared import DeclaredModels
from schemas.catalogue import MODEL_POOL
from schemas.codec import DecodeError, decode
from schemas.pool_change import PoolChange

_OPTIONAL_S = 2.0
"""How long a cluster that is not needed is asked for."""


def read_declared(config: Config, connect_timeout_s: float = CONNECT_TIMEOUT_S) -> DeclaredModels:
    """Read the changes from Kafka, raising as KeyedValues does.

    A change that cannot be read is told of and left out, as the workers do.
    """
    declared = DeclaredModels(config.models)
    for name, value in KeyedValues(config.kafka, MODEL_POOL, connect_timeout_s).latest().items():
        try:
            declared.change(name, decode(PoolChange, value))
        except DecodeError as error:
            click.echo(f"ignored a change of the arm {name}: {error}", err=True)
    return declared


def declared_or_configured(config: Config) -> DeclaredModels:
    """As `read_declared`; without a cluster, the configuration's, and a line says so."""
    try:
        return read_declared(config, _OPTIONAL_S)
    except (ConfigurationError, RetryableError) as error:
        click.echo(f"changes made while running are not shown: {error}", err=True)
        return DeclaredModels(config.models)
