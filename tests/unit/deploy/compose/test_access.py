"""Access rules: everything has somebody who may write and read it, and nobody may do more."""

from deploy.compose.access import Grant, May, access_rules
from deploy.compose.grant_access import binding
from pipeline.config import KafkaSettings
from schemas.catalogue import DEAD_LETTER_REPLAYS, MODEL_POOL, POLICY_CONTROL, WINDOWS, catalogue
from schemas.roles import Role

SLUGS = [role.slug for role in Role]
KAFKA = KafkaSettings(bootstrap_servers="kafka:9092")
RULES = access_rules(KAFKA, ["news"])
STEERED = {MODEL_POOL, POLICY_CONTROL, DEAD_LETTER_REPLAYS}
NOBODY_READS = {WINDOWS}


def may(what: May, principal: str | None = None) -> set[str]:
    return {
        grant.kafka_topic
        for grant in RULES
        if grant.may is what and grant.kafka_topic and principal in (None, grant.principal)
    }


def test_every_kafka_topic_of_the_catalogue_has_a_writer_and_a_reader() -> None:
    names = {topic.name for topic in catalogue(["news"])}
    assert names == may(May.WRITE)
    assert names - may(May.READ) == NOBODY_READS
    assert may(May.WRITE) | may(May.READ) <= names


def test_only_the_policy_says_who_plays_which_role() -> None:
    writers = {g.principal for g in RULES if g.kafka_topic == "role-assignments"} - {"consumer"}
    assert {p for p in writers if "role-assignments" in may(May.WRITE, p)} == {"policy"}


def test_only_people_steer() -> None:
    for name in STEERED:
        writers = {g.principal for g in RULES if g.kafka_topic == name and g.may is May.WRITE}
        assert writers == {"operator"}


def test_an_observer_writes_nothing() -> None:
    assert may(May.WRITE, "observer") == set()


def test_only_role_workers_write_records_and_only_producers_raw_text() -> None:
    assert {g.principal for g in RULES if g.kafka_topic == "records-news" and g.may is May.WRITE} \
        == {"role-worker"}  # fmt: skip
    assert {g.principal for g in RULES if g.kafka_topic == "raw-news" and g.may is May.WRITE} == {
        "producer",
        "operator",
    }


def test_a_consumer_reads_records_and_nothing_else() -> None:
    assert may(May.READ, "consumer") == {"records-news"}
    assert may(May.WRITE, "consumer") == set()
    assert may(May.DESCRIBE, "consumer") == set()


def test_a_prefix_goes_before_every_name() -> None:
    kafka = KAFKA.model_copy(update={"kafka_topic_prefix": "team-a.", "group_prefix": "team-a"})
    for grant in access_rules(kafka, ["news"]):
        assert grant.kafka_topic is None or grant.kafka_topic.startswith("team-a.")
    groups = {g.group for g in access_rules(kafka, ["news"]) if g.group and g.prefixed}
    assert groups == {"team-a-"}
    exact = {g.group for g in access_rules(kafka, ["news"]) if g.group and not g.prefixed}
    assert exact - {"*"} == {
        f"team-a-{name}" for name in (*SLUGS, "policy", "allowances", "watchdog")
    }


def test_a_grant_becomes_the_rule_that_kafka_takes() -> None:
    rule = binding(Grant("policy", May.READ, group="rolestream-", prefixed=True))
    assert (rule.restype.name, rule.name, rule.resource_pattern_type.name) == (
        "GROUP",
        "rolestream-",
        "PREFIXED",
    )
    assert (rule.principal, rule.operation.name, rule.permission_type.name) == (
        "User:policy",
        "READ",
        "ALLOW",
    )
