"""What it means when a cluster does not let a client in, or not do something: one line each."""

from collections.abc import Callable

from confluent_kafka import KafkaError

from pipeline.config import KafkaSettings

LOGIN = frozenset({KafkaError._AUTHENTICATION, KafkaError.SASL_AUTHENTICATION_FAILED})
HOPELESS = LOGIN | {KafkaError._SSL, KafkaError.UNSUPPORTED_SASL_MECHANISM}
"""What does not pass by waiting."""
_NOT_ALLOWED = {
    KafkaError.TOPIC_AUTHORIZATION_FAILED,
    KafkaError.GROUP_AUTHORIZATION_FAILED,
    KafkaError.CLUSTER_AUTHORIZATION_FAILED,
}
Refusal = Callable[[str, KafkaError], str]
"""Words why something, which completes "cannot ...", was not done."""
SEE = "docs/security.md lists who needs what"


def not_reached(error: KafkaError, kafka: KafkaSettings) -> str:
    """Why no broker serves the client, and what to look at."""
    servers, reason = kafka.bootstrap_servers, _one_line(error.str())
    if error.code() in LOGIN:
        return (
            f"{servers} refuses the login of {kafka.user} by {kafka.mechanism} ({reason}): "
            f"check {_credential(kafka)}"
        )
    if error.code() == KafkaError._SSL:
        authority = f" ({kafka.ssl_ca_file})" if kafka.ssl_ca_file is not None else ""
        return (
            f"TLS with {servers} fails ({reason}): check that kafka.ssl_ca_file{authority} is the "
            "authority of the brokers' certificates, and that they are for these host names"
        )
    return (
        f"no Kafka broker answers at {servers} ({reason}): check --bootstrap-servers or the "
        f"configuration (security_protocol is {kafka.security_protocol}), and that it runs"
    )


def not_done(doing: str, error: KafkaError, kafka: KafkaSettings) -> str:
    """Why something failed; `doing` completes "cannot ..."."""
    if error.code() in _NOT_ALLOWED:
        return f"{kafka.user} may not {doing}: have it granted; {SEE}"
    if error.code() in HOPELESS:
        return not_reached(error, kafka)
    return said_by_client(doing, error)


def said_by_client(doing: str, error: KafkaError) -> str:
    """As the client says it, for who does not know how it logs in."""
    return f"cannot {doing}: {_one_line(error.str())}"


def not_there(kafka_topic: str, kafka: KafkaSettings) -> str:
    """For a client that is not anonymous: what it may not see looks as if it were not there."""
    if kafka.security_protocol == "PLAINTEXT":
        return ""
    return f", or have {kafka.user} granted access to {kafka_topic}; {SEE}"


def _credential(kafka: KafkaSettings) -> str:
    if kafka.mechanism == "OAUTHBEARER":
        return f"the token in kafka.sasl_token_file ({kafka.sasl_token_file})"
    if kafka.sasl_password_file is not None:
        held = f"the password in kafka.sasl_password_file ({kafka.sasl_password_file})"
    else:
        held = f"the password in the environment variable {kafka.sasl_password_env}"
    return f"kafka.sasl_username, {held}, and kafka.sasl_mechanism"


def _one_line(text: str) -> str:
    return " ".join(text.split())
