"""A worker's matrices are not shared out among cores."""

import os

import click
import pytest

from deploy.cli.main import main


@pytest.mark.parametrize(("command", "threads"), [("worker", "1"), ("topics", "")])
def test_the_worker_s_matrices_stay_on_one_core(
    command: str, threads: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS")
    assert main.get_command(click.Context(main), command) is not None
    assert os.environ.get("OPENBLAS_NUM_THREADS", "") == threads


def test_what_the_user_says_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    main.get_command(click.Context(main), "worker")
    assert os.environ["OPENBLAS_NUM_THREADS"] == "4"
