"""How a process is seen over HTTP: its metrics, its health, and the live page."""

import os
from pathlib import Path

from pydantic import Field

from pipeline.config.kafka import Section
from pipeline.errors import ConfigurationError

FIRST_PORT = 8010
MIN_TOKEN_CHARS = 16


class WebSettings(Section):
    """The `[web]` table.

    Without `port` the first free one from 8010 on is taken, so that several processes fit on one
    machine. `token_file` or the environment variable `token_env` hold the token that a reader has
    to show; on any address but the machine's own there must be one. `page` is the live page, which
    the process with the policy serves.
    """

    enabled: bool = True
    host: str = "127.0.0.1"
    port: int | None = Field(default=None, ge=1, le=65535)
    token_env: str = Field(default="ROLESTREAM_WEB_TOKEN", pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    token_file: Path | None = None
    page: bool = True

    def token(self) -> str | None:
        """The token, read now; None if there is none.

        Raises ConfigurationError when the file cannot be read or the token is too short.
        """
        where = f"the environment variable {self.token_env}"
        if self.token_file is not None:
            where = f"the file {self.token_file}"
            try:
                token = self.token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise ConfigurationError(
                    f"web.token_file: cannot read {self.token_file}: {error}"
                ) from None
        else:
            token = os.environ.get(self.token_env, "").strip()
            if not token:
                return None
        if len(token) < MIN_TOKEN_CHARS or not token.isascii():
            raise ConfigurationError(
                f"web: the token in {where} must have at least {MIN_TOKEN_CHARS} characters, all "
                "ASCII; make one with: openssl rand -hex 24"
            )
        return token
