"""`rolestream` of a later release: another splitter version, other instructions for the models.

Run as `python -m tests.chaos.changed_worker worker --config FILE`.
"""

from deploy.cli.main import main
from pipeline.olp import role, splitter

LATER = "cohesion-later"
instructions = role.instructions

if __name__ == "__main__":
    splitter.SPLITTER_VERSION = LATER
    role.instructions = lambda *asked: f"{instructions(*asked)}\nTake care."
    main()
