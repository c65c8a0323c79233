"""Who may read what a process shows: anyone on the machine itself, elsewhere who has the token."""

import binascii
import hmac
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address

from pipeline.config import WebSettings
from pipeline.errors import ConfigurationError


def is_loopback(host: str) -> bool:
    """Whether `host` is an address of the machine itself that nobody else can reach."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Access:
    """Decides on a request by its headers; `token` is None where none is needed."""

    token: str | None

    @classmethod
    def of(cls, settings: WebSettings) -> "Access":
        """The rule for these settings.

        Raises ConfigurationError for an address others can reach without a token.
        """
        token = settings.token()
        if token is None and not is_loopback(settings.host):
            raise ConfigurationError(
                f"web.host {settings.host} can be reached from elsewhere and needs a token: set "
                f"{settings.token_env} or web.token_file, or leave web.host at 127.0.0.1"
            )
        return cls(token)

    def allows(self, headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers may read everything.

        The token comes as `Authorization: Bearer TOKEN` or as the password of basic
        authentication, which browsers ask for. Without one, the request has to name the machine
        itself as its host: a page elsewhere that has its own name point here names itself.
        """
        if self.token is None:
            return is_loopback(_host_name(headers.get("Host", "")))
        return hmac.compare_digest(_shown(headers.get("Authorization", "")), self.token.encode())


def _host_name(host: str) -> str:
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.rpartition(":")[0] if ":" in host else host


def _shown(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode("utf-8", "replace")
    if scheme.lower() == "basic":
        try:
            return b64decode(value.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""
