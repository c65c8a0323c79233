"""An OAUTHBEARER token from a file that something else renews, such as a projected volume."""

import base64
import json
import time
from pathlib import Path
from typing import NamedTuple, Self

from pipeline.errors import ConfigurationError

_READ_AGAIN_S = 60.0


class Token(NamedTuple):
    """The token and when it ends, in seconds since the epoch; None if it does not say."""

    text: str
    expires_s: float | None

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises ConfigurationError when the file cannot be read or is empty."""
        try:
            text = path.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
            raise ConfigurationError(f"kafka.sasl_token_file: cannot read {path}: {why}") from None
        if not text:
            raise ConfigurationError(f"kafka.sasl_token_file: {path} is empty")
        return cls(text, _expiry_s(text))

    def require_valid(self, path: Path) -> None:
        """Raises ConfigurationError when the token says that it has ended."""
        if self.expires_s is not None and self.expires_s <= time.time():
            raise ConfigurationError(
                f"kafka.sasl_token_file: the token in {path} has ended; see what should renew it"
            )

    def with_expiry(self) -> tuple[str, float]:
        """The token with a time at which it is to be read again."""
        return self.text, time.time() + _READ_AGAIN_S if self.expires_s is None else self.expires_s


def _expiry_s(token: str) -> float | None:
    """The `exp` of a JSON web token; the broker checks it, clients only renew in time."""
    try:
        payload = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        return float(claims["exp"])
    except (IndexError, KeyError, TypeError, ValueError):
        return None
