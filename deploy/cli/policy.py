"""`rolestream policy`: what the policy thinks, and what people tell it instead."""

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from deploy.cli.cluster import cluster_options
from deploy.cli.declared_models import read_declared
from deploy.cli.failure import told_plainly
from deploy.cli.policy_explanation import explanation
from deploy.cli.policy_ledger import ledger_lines, savings_of
from deploy.cli.policy_replay import replay
from deploy.cli.policy_view import Cluster, RoleView
from pipeline.config import load_config
from pipeline.config.load import with_bootstrap_servers
from pipeline.errors import ConfigurationError
from schemas.policy_control import ControlMode, PolicyControl
from schemas.rewards import assignment_key
from schemas.roles import MODEL_ROLES, Role

Command = TypeVar("Command", bound=Callable[..., Any])

_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_ROLES = ", ".join(role.slug for role in MODEL_ROLES)


def _one(command: Command) -> Command:
    role = click.option("--role", "role_name", required=True, help=f"One of {_ROLES}.")
    return click.option("--domain", required=True, help="Its domain.")(role(command))


def _some(command: Command) -> Command:
    role = click.option("--role", "role_name", help=f"One of {_ROLES}; all if left out.")
    return click.option("--domain", help="One domain; all if left out.")(role(command))


@click.group()
def policy() -> None:
    """The policy that decides which model plays which role."""


policy.add_command(replay)


@policy.command()
@_some
@_JSON
@cluster_options
def show(
    domain: str | None,
    role_name: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Print the role assignments, the controls in force, and what was paid and saved."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        keys = cluster.keys(domain, role_name)
        assignments, controls = cluster.role_assignments(), cluster.controls()
        views = [
            RoleView((name, role), assignments.get(key), controls.get(key))
            for name, role in keys
            for key in (assignment_key(name, role),)
        ]
        book, declared = cluster.run_book(), read_declared(cluster.config)
    if as_json:
        told = [
            view.as_json() | {"ledger": savings_of(book, [view.key], declared).as_dict()}
            for view in views
        ]
        click.echo(json.dumps(told))
    else:
        lines = [view.line for view in views]
        click.echo("\n".join([*lines, *ledger_lines(savings_of(book, keys, declared))]))


@policy.command()
@_some
@_JSON
@cluster_options
def ledger(
    domain: str | None,
    role_name: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Print what was paid for what, and what it saved against one arm for everything."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        keys = cluster.keys(domain, role_name)
        told = savings_of(cluster.run_book(), keys, read_declared(cluster.config))
    click.echo(json.dumps(told.as_dict()) if as_json else "\n".join(ledger_lines(told)))


@policy.command()
@_one
@_JSON
@cluster_options
def explain(
    domain: str,
    role_name: str,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Say why the arm that has a role has it, with the numbers."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        (key,) = cluster.keys(domain, role_name)
        told = explanation(cluster, key, read_declared(cluster.config))
    click.echo(json.dumps(told.as_json()) if as_json else told.text)


@policy.command()
@_some
@_JSON
@cluster_options
def freeze(
    domain: str | None,
    role_name: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Leave the published role assignments as they are; learning goes on."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        held = cluster.controls()
        now = datetime.now(UTC)
        new = [
            PolicyControl(domain=name, role=role, mode=ControlMode.FROZEN, at=now)
            for name, role in cluster.keys(domain, role_name)
            if assignment_key(name, role) not in held
        ]
        cluster.control({assignment_key(item.domain, item.role): item for item in new})
    _report("frozen", [(item.domain, item.role) for item in new], as_json)


@policy.command()
@_some
@_JSON
@cluster_options
def unfreeze(
    domain: str | None,
    role_name: str | None,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Let the policy decide again where it was frozen, by `freeze` or by `rollback`."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        free = _release(
            cluster,
            cluster.keys(domain, role_name),
            (ControlMode.FROZEN, ControlMode.ROLLED_BACK),
            must=domain is not None and role_name is not None,
        )
    _report("free", free, as_json)


@policy.command()
@click.argument("model")
@_one
@_JSON
@cluster_options
def pin(
    model: str,
    domain: str,
    role_name: str,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Give a role to the arm MODEL, whatever the policy thinks; learning goes on.

    Other arms only step in where MODEL gives no acceptable answer.
    """
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        ((name, role),) = cluster.keys(domain, role_name)
        arms = [item.settings for item in read_declared(cluster.config).arms() if item.live]
        able = [arm.name for arm in arms if arm.serves(role.value)]
        if model not in able:
            raise ConfigurationError(
                f"no arm {model!r} serves {role.value}; those that do are {', '.join(able)}"
            )
        control = PolicyControl(
            domain=name, role=role, mode=ControlMode.PINNED, model=model, at=datetime.now(UTC)
        )
        cluster.control({assignment_key(name, role): control})
    _report(f"pinned to {model}", [(name, role)], as_json)


@policy.command()
@_one
@_JSON
@cluster_options
def unpin(
    domain: str,
    role_name: str,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Let the policy decide again who has a role."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        keys = cluster.keys(domain, role_name)
        free = _release(cluster, keys, (ControlMode.PINNED,), must=True)
    _report("free", free, as_json)


@policy.command()
@click.argument("version", type=click.IntRange(min=1))
@_one
@_JSON
@cluster_options
def rollback(
    version: int,
    domain: str,
    role_name: str,
    as_json: bool,
    bootstrap_servers: str | None,
    config_path: Path | None,
) -> None:
    """Publish VERSION of a role assignment again, as a new version, and freeze it."""
    with told_plainly():
        cluster = _cluster(config_path, bootstrap_servers)
        ((name, role),) = cluster.keys(domain, role_name)
        there = cluster.versions(name, role)
        if version not in there:
            listed = ", ".join(map(str, sorted(there))) or "none"
            raise ConfigurationError(
                f"version {version} of {name} {role.slug} is not in Kafka: there are {listed} "
                "(older ones are removed in time); pin a model instead"
            )
        control = PolicyControl(
            domain=name,
            role=role,
            mode=ControlMode.ROLLED_BACK,
            role_assignment=there[version],
            at=datetime.now(UTC),
        )
        cluster.control({assignment_key(name, role): control})
    _report(f"rolled back to version {version}", [(name, role)], as_json)


def _cluster(config_path: Path | None, bootstrap_servers: str | None) -> Cluster:
    return Cluster(with_bootstrap_servers(load_config(config_path), bootstrap_servers))


def _release(
    cluster: Cluster, keys: Iterable[tuple[str, Role]], modes: tuple[ControlMode, ...], must: bool
) -> list[tuple[str, Role]]:
    held = cluster.controls()
    free = []
    for name, role in keys:
        control = held.get(assignment_key(name, role))
        if control is not None and control.mode in modes:
            free.append((name, role))
        elif must:
            state = "free" if control is None else control.mode.value.replace("_", " ")
            wanted = " or ".join(mode.value.replace("_", " ") for mode in modes)
            raise ConfigurationError(f"{name} {role.slug} is {state}, not {wanted}")
    cluster.control({assignment_key(name, role): None for name, role in free})
    return free


def _report(what: str, keys: list[tuple[str, Role]], as_json: bool) -> None:
    if as_json:
        listed = [{"domain": name, "role": role.value, "control": what} for name, role in keys]
        click.echo(json.dumps(listed))
        return
    for name, role in keys:
        click.echo(f"{name} {role.slug}: {what}")
    if not keys:
        click.echo("nothing to change")
