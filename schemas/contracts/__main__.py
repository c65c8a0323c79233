"""`python -m schemas.contracts` renews the committed copies, unless that breaks their users."""

import sys

from schemas.base import SCHEMA_VERSION
from schemas.contracts.published import breaking, directory, write


def main() -> int:
    """Write the copies and return 0; 1 and one line for each breaking change if there are any."""
    problems = breaking(directory())
    if problems:
        lines = "\n".join(f"  {line}" for line in problems)
        sys.stderr.write(
            f"these changes break users of version {SCHEMA_VERSION}; "
            f"raise SCHEMA_VERSION in schemas/base.py or take them back:\n{lines}\n"
        )
        return 1
    write(directory())
    sys.stdout.write(f"wrote {directory().name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
