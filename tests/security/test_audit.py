"""An audit that could not ask anybody is never taken for a clean one."""

import importlib.util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PATH = Path(__file__).parents[2] / "requirements" / "audit.py"
GOOD = {"name": "good", "version": "1", "vulns": []}
BAD = {"name": "bad", "version": "2", "vulns": [{"id": "PYSEC-1"}]}
UNKNOWN = {"name": "own", "skip_reason": "not found"}


@pytest.fixture
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", PATH)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("pypi", "osv", "status", "said"),
    [
        ([GOOD], None, 0, "1 packages audited by pypi, 0 not known there"),
        ([GOOD, UNKNOWN], None, 0, "1 packages audited by pypi, 1 not known there"),
        ([GOOD, BAD], None, 1, "bad 2: PYSEC-1"),
        ([UNKNOWN], [BAD], 1, "audited by osv"),
        ([UNKNOWN], None, 2, "NOT AUDITED"),
        (None, None, 2, "NOT AUDITED"),
    ],
)
def test_what_is_known_decides(
    audit: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    pypi: Any,
    osv: Any,
    status: int,
    said: str,
) -> None:
    monkeypatch.setattr(audit, "looked_up", lambda _, service: {"pypi": pypi, "osv": osv}[service])
    assert audit.audited(Path("run.lock")) == status
    assert said in capsys.readouterr().out


def test_only_on_request_is_an_audit_of_nothing_enough(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "audited", lambda lock: 2)
    monkeypatch.delenv("ROLESTREAM_AUDIT", raising=False)
    assert audit.main() == 2
    monkeypatch.setenv("ROLESTREAM_AUDIT", "try")
    assert audit.main() == 0
    monkeypatch.setattr(audit, "audited", lambda lock: 1)
    assert audit.main() == 1
