"""`python -m deploy.cli` is the `rolestream` command, for processes that start it themselves."""

from deploy.cli.main import main

main()
