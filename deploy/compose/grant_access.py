"""Writes the access rules to the cluster; run again, it changes nothing."""

import sys

from confluent_kafka import KafkaException
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    ResourcePatternType,
    ResourceType,
)

from agents.worker import domains_of
from deploy.compose.access import ANY, Grant, access_rules
from pipeline.config import load_config
from pipeline.errors import RolestreamError

_TIMEOUT_S = 30.0


def binding(grant: Grant) -> AclBinding:
    """The rule as Kafka takes it."""
    name = grant.kafka_topic if grant.kafka_topic is not None else grant.group
    return AclBinding(
        ResourceType.TOPIC if grant.kafka_topic is not None else ResourceType.GROUP,
        name or ANY,
        ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL,
        f"User:{grant.principal}",
        "*",
        AclOperation[grant.may.value],
        AclPermissionType.ALLOW,
    )


def main() -> int:
    """Grant everything; returns 1 with one line on standard error if the cluster refuses."""
    try:
        config = load_config()
        grants = access_rules(config.kafka, domains_of(config))
        admin = AdminClient({**config.kafka.client_settings()})
        bindings = list(dict.fromkeys(map(binding, grants)))
        for future in admin.create_acls(bindings, request_timeout=_TIMEOUT_S).values():
            future.result()
    except (RolestreamError, KafkaException) as error:
        print(f"Error: cannot grant access: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(f"{len(bindings)} access rules are in force")  # noqa: T201 - what the service reports
    return 0


if __name__ == "__main__":
    sys.exit(main())
