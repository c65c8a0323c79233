"""`produce` and `consume` work where only they are needed: no worker, no models, no numpy."""

import subprocess
import sys

HEAVY = ("agents.role_app", "aiokafka", "faust", "mode", "numpy", "openai")


def test_the_commands_import_nothing_of_the_worker_or_the_models() -> None:
    program = (
        "import sys, deploy.cli.main, deploy.cli.produce, deploy.cli.consume\n"
        f"print([name for name in {HEAVY} if name in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout.strip() == "[]"
