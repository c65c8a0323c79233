"""The errors Rolestream raises itself; whoever catches one knows whether to try again."""


class RolestreamError(Exception):
    """Base of every error that Rolestream raises on purpose."""


class RetryableError(RolestreamError):
    """The same attempt may succeed later: a time-out, a rate limit, a broker that restarts."""


class InvalidInputError(RolestreamError):
    """A message or answer breaks its contract; trying it again cannot help."""


class ConfigurationError(RolestreamError):
    """The user's setup is wrong; the message says what, where and what to do."""
