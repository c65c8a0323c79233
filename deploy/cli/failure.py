"""How a command ends badly: one line on standard error and an exit status, never a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from confluent_kafka import KafkaException

from deploy.cli.visible_text import visible_line
from pipeline.errors import ConfigurationError, InvalidInputError, RetryableError


class Mistake(click.ClickException):
    """The user can mend it: exit status 2."""

    exit_code = 2

    def __init__(self, message: str) -> None:
        super().__init__(visible_line(message))


class Failure(click.ClickException):
    """The work was not done, through no fault of the command's user: exit status 1."""

    exit_code = 1

    def __init__(self, message: str) -> None:
        super().__init__(visible_line(message))


@contextmanager
def told_plainly() -> Iterator[None]:
    """Turn Rolestream's own errors into a Mistake or a Failure."""
    try:
        yield
    except (ConfigurationError, InvalidInputError) as error:
        raise Mistake(str(error)) from error
    except RetryableError as error:
        raise Failure(str(error)) from error
    except KafkaException as error:
        raise Failure(f"Kafka: {error.args[0].str()}") from error
