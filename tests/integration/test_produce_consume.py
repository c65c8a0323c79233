"""`produce` and `consume` as processes against a Kafka broker: resumed, refused, corrected."""

import json
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Consumer, KafkaException, Producer, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from schemas import CategorizedRecord, RawText, decode, encode
from tests.brokers import is_apache_kafka
from tests.unit.deploy.cli.sample_records import a_record

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(180)]

REPOSITORY = Path(__file__).parents[2]
PARTITIONS = 4


@pytest.fixture(scope="module")
def admin(bootstrap_servers: str) -> AdminClient:
    return AdminClient({"bootstrap.servers": bootstrap_servers})


@pytest.fixture
def domain(admin: AdminClient, bootstrap_servers: str) -> str:
    """A domain of this test alone, with its two Kafka topics and their leaders."""
    name = f"t{uuid.uuid4().hex[:12]}"
    kafka_topics = [f"{prefix}-{name}" for prefix in ("raw", "records")]
    create(admin, *(NewTopic(kafka_topic, PARTITIONS, 1) for kafka_topic in kafka_topics))
    for kafka_topic in kafka_topics:
        await_leaders(bootstrap_servers, kafka_topic)
    return name


@pytest.fixture
def rolestream(bootstrap_servers: str) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a sub-command to its end."""

    def run(*arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(bootstrap_servers, *arguments),
            input=text,
            capture_output=True,
            text=True,
            timeout=90,
            cwd=REPOSITORY,
            check=False,
        )

    return run


def command(servers: str, name: str, *arguments: str) -> list[str]:
    program = "from deploy.cli.main import main; main()"
    return [sys.executable, "-c", program, name, *arguments, "--bootstrap-servers", servers]


def create(admin: AdminClient, *kafka_topics: NewTopic) -> None:
    for future in admin.create_topics(list(kafka_topics)).values():
        future.result(timeout=30)


def messages_on(servers: str, kafka_topic: str) -> list[tuple[int, RawText]]:
    """Everything on the Kafka topic, with its partition, in the order of the partitions."""
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": f"reader-{uuid.uuid4()}",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "fetch.wait.max.ms": 50,
        }
    )
    consumer.assign([TopicPartition(kafka_topic, number, 0) for number in range(PARTITIONS)])
    found = []
    ends = 0
    while ends < PARTITIONS:
        message = consumer.poll(10)
        assert message is not None, "the broker fell silent"
        if message.error() is not None:
            ends += 1
        else:
            found.append((message.partition() or 0, decode(RawText, message.value())))
    consumer.close()
    return found


def await_leaders(servers: str, kafka_topic: str) -> None:
    deadline_s = time.monotonic() + 10
    while True:
        try:
            height_of(servers, kafka_topic)
        except KafkaException:
            assert time.monotonic() < deadline_s, f"{kafka_topic} got no leaders"
        else:
            return


def height_of(servers: str, kafka_topic: str) -> int:
    """Grows with every batch that arrives on the Kafka topic."""
    consumer = Consumer({"bootstrap.servers": servers, "group.id": "none"})
    places = [TopicPartition(kafka_topic, number) for number in range(PARTITIONS)]
    height = sum(consumer.get_watermark_offsets(place, timeout=10)[1] for place in places)
    consumer.close()
    return height


def texts_on(servers: str, kafka_topic: str) -> list[tuple[int, str]]:
    return [(message.seq, message.text) for _, message in messages_on(servers, kafka_topic)]


def put_records(servers: str, domain: str, *values: CategorizedRecord | bytes) -> None:
    producer = Producer({"bootstrap.servers": servers, "partitioner": "murmur2_random"})
    for value in values:
        key, content = (b"s", value) if isinstance(value, bytes) else (b"s", encode(value))
        producer.produce(f"records-{domain}", content, key)
    assert producer.flush(30) == 0


def test_a_text_arrives_in_order_on_one_partition_with_its_end(
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    result = rolestream(
        "produce",
        "-",
        "--domain",
        domain,
        "--stream",
        "live-1",
        "--json",
        text="一。二！\nThree. Four",
    )
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["sent"], summary["already_there"]) == (4, 0)
    assert summary["streams"] == {"live-1": {"last_seq": 4, "ended": True}}
    found = messages_on(bootstrap_servers, f"raw-{domain}")
    assert [message.text for _, message in found] == ["一。", "二！", "Three.", "Four", ""]
    assert [message.end for _, message in found] == [False] * 4 + [True]
    assert len({partition for partition, _ in found}) == 1


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_killed_in_the_middle_and_run_again_every_sentence_is_there_once(
    kill: signal.Signals,
    bootstrap_servers: str,
    domain: str,
    tmp_path: Path,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    total = 3000
    talk = tmp_path / "talk.txt"
    talk.write_text(
        "".join(f"Sentence {n} it is.\n" for n in range(1, total + 1)), encoding="utf-8"
    )
    arguments = ["produce", str(talk), "--domain", domain, "--stream", "s"]
    slowly = [*command(bootstrap_servers, *arguments), "--rate", "500"]
    for seconds in (0.7, 0.3):
        with subprocess.Popen(slowly, cwd=REPOSITORY, stderr=subprocess.DEVNULL) as process:
            before = height_of(bootstrap_servers, f"raw-{domain}")
            while height_of(bootstrap_servers, f"raw-{domain}") == before:
                assert process.poll() is None
            time.sleep(seconds)
            process.send_signal(kill)
        assert process.returncode == (-kill if kill is signal.SIGKILL else 128 + kill)
    killed_at = len(messages_on(bootstrap_servers, f"raw-{domain}"))
    assert 0 < killed_at < total

    result = rolestream(*arguments, "--json")
    assert result.returncode == 0, result.stderr
    assert json.loads(result.stdout)["already_there"] == killed_at
    expected = [(n, f"Sentence {n} it is.") for n in range(1, total + 1)]
    assert texts_on(bootstrap_servers, f"raw-{domain}") == [*expected, (total + 1, "")]

    again = rolestream(*arguments, "--json")
    assert json.loads(again.stdout)["sent"] == 0
    assert len(messages_on(bootstrap_servers, f"raw-{domain}")) == total + 1


def test_the_place_is_found_behind_many_messages_of_other_streams(
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    mine = ["produce", "-", "--domain", domain, "--stream", "mine", "--no-end"]
    assert rolestream(*mine, text="One. Two.").returncode == 0
    rows = (
        json.dumps({"stream_id": f"other-{n % 40}", "seq": n, "text": "x"}) for n in range(30_000)
    )
    others = rolestream("produce", "-", "--domain", domain, "--json", text="\n".join(rows))
    assert others.returncode == 0, others.stderr
    assert len(json.loads(others.stdout)["streams"]) == 40
    result = rolestream(*mine, "--json", text="One. Two. Three.")
    assert result.returncode == 0, result.stderr
    summary = json.loads(result.stdout)
    assert (summary["already_there"], summary["sent"]) == (2, 1)


def test_another_input_for_the_same_stream_is_refused_or_appended(
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    arguments = ["produce", "-", "--domain", domain, "--stream", "s"]
    assert rolestream(*arguments, text="One. Two.").returncode == 0
    refused = rolestream(*arguments, text="Something. Else. Entirely.")
    assert refused.returncode == 2
    assert "--append" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1
    assert rolestream(*arguments, "--append", text="Three.").returncode == 0
    sent_again = rolestream(*arguments, "--no-resume", "--no-end", text="One.")
    assert sent_again.returncode == 0
    assert texts_on(bootstrap_servers, f"raw-{domain}") == [
        (1, "One."),
        (2, "Two."),
        (3, ""),
        (4, "Three."),
        (5, ""),
        (1, "One."),
    ]


def test_a_bad_line_stops_behind_the_good_ones_and_mended_input_goes_on(
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    good = '{"id":1,"text":"a"}\n%s\n{"id":3,"text":"c"}\n'
    arguments = ["produce", "-", "--domain", domain, "--stream", "s"]
    stopped = rolestream(*arguments, text=good % "{broken")
    assert stopped.returncode == 2
    assert "standard input:2:" in stopped.stderr
    assert "(1 sent before it)" in stopped.stderr
    mended = rolestream(*arguments, "--json", text=good % '{"id":2,"text":"b"}')
    assert json.loads(mended.stdout)["sent"] == 2
    assert texts_on(bootstrap_servers, f"raw-{domain}") == [(1, "a"), (2, "b"), (3, "c"), (4, "")]


def test_a_refused_sentence_is_an_error_and_nothing_follows_it(
    admin: AdminClient,
    bootstrap_servers: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    if not is_apache_kafka(bootstrap_servers):
        pytest.skip("only Apache Kafka limits the size of messages")
    domain = f"t{uuid.uuid4().hex[:12]}"
    limit = {"max.message.bytes": "2000"}
    create(admin, NewTopic(f"raw-{domain}", PARTITIONS, 1, config=limit))
    lines = [f"short {n}" for n in range(1, 6)]
    arguments = ["produce", "-", "--domain", domain, "--stream", "s", "--rate", "50"]
    assert rolestream(*arguments, "--no-end", text="\n".join(lines)).returncode == 0
    lines += ["x" * 5000, *("short" for _ in range(20))]
    for _ in range(2):
        result = rolestream(*arguments, text="\n".join(lines))
        assert result.returncode == 1
        assert "Message size too large" in result.stderr
        assert len(result.stderr.strip().splitlines()) == 1
        assert [seq for seq, _ in texts_on(bootstrap_servers, f"raw-{domain}")] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("name", ["produce", "consume"])
def test_nothing_listens(name: str, tmp_path: Path) -> None:
    talk = tmp_path / "talk.txt"
    talk.write_text("Hello.", encoding="utf-8")
    arguments = [str(talk), "--stream", "s"] if name == "produce" else []
    started_s = time.monotonic()
    result = subprocess.run(
        command("127.0.0.1:1", name, *arguments, "--domain", "d"),
        capture_output=True,
        text=True,
        timeout=60,
        cwd=REPOSITORY,
        check=False,
    )
    assert result.returncode == 2
    assert time.monotonic() - started_s < 15
    [line] = result.stderr.strip().splitlines()
    assert "127.0.0.1:1" in line
    assert "refused" in line


@pytest.mark.parametrize("name", ["produce", "consume"])
def test_a_missing_kafka_topic_is_told_with_those_that_are_there(
    name: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    arguments = ["-", "--stream", "s"] if name == "produce" else []
    result = rolestream(name, *arguments, "--domain", "nowhere", text="Hello.")
    assert result.returncode == 2
    [line] = result.stderr.strip().splitlines()
    assert f"-{domain}" in line
    assert "topics create" in line


def test_consume_prints_the_final_state_and_survives_undecodable_bytes(
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    put_records(
        bootstrap_servers,
        domain,
        a_record("1", sentences=((3, "old"),)),
        b"\xff\xfe nonsense",
        a_record("2", category="opening"),
        a_record("1", revision=2, sentences=((3, "new"), (4, "more"))),
        a_record("3", subject="Lamp"),
        a_record("3", revision=2, subject="Lamp", op="delete"),
        a_record("1", sentences=((3, "old"),)),
    )
    result = rolestream("consume", "--domain", domain, "--json")
    assert result.returncode == 0, result.stderr
    records = [CategorizedRecord.model_validate_json(line) for line in result.stdout.splitlines()]
    assert sorted((record.record_id, record.revision) for record in records) == [("1", 2), ("2", 1)]
    assert f"records-{domain}[" in result.stderr
    assert "2 records, 1 deleted, 1 messages could not be read" in result.stderr

    as_text = rolestream("consume", "--domain", domain, "--category", "price", "--stream", "s")
    assert as_text.returncode == 0
    assert "new" in as_text.stdout
    assert "old" not in as_text.stdout
    assert "opening" not in as_text.stdout
    assert "\x1b" not in as_text.stdout


def test_a_topic_that_is_written_all_the_time_is_still_read_to_an_end(
    bootstrap_servers: str, domain: str
) -> None:
    producer = Producer({"bootstrap.servers": bootstrap_servers, "linger.ms": 0})
    value = encode(a_record("busy"))
    arguments = command(bootstrap_servers, "consume", "--domain", domain, "--json")
    producer.produce(f"records-{domain}", value, b"s")
    producer.flush(30)
    with subprocess.Popen(arguments, cwd=REPOSITORY, stdout=subprocess.PIPE) as process:
        started_s = time.monotonic()
        while process.poll() is None:
            producer.produce(f"records-{domain}", value, b"s")
            producer.poll(0.002)
            assert time.monotonic() - started_s < 30
        assert process.stdout is not None
        assert len(process.stdout.read().splitlines()) == 1
    assert process.returncode == 0


def test_follow_prints_revisions_as_they_come_until_it_is_interrupted(
    bootstrap_servers: str, domain: str
) -> None:
    arguments = command(bootstrap_servers, "consume", "--domain", domain, "--follow")
    with subprocess.Popen(
        arguments, cwd=REPOSITORY, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        for record, head in (
            (a_record("1"), "new"),
            (a_record("1", revision=2), "corrected (revision 2)"),
            (a_record("1", revision=3, op="delete"), "deleted (revision 3)"),
        ):
            put_records(bootstrap_servers, domain, record, record)
            while (line := process.stdout.readline()).startswith(" "):
                pass
            assert line.startswith(f"{head}  price  Mug")
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert "2 records, 1 deleted" in process.stderr.read()


def test_only_a_group_remembers_what_was_read(
    admin: AdminClient,
    bootstrap_servers: str,
    domain: str,
    rolestream: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    def printed(*options: str) -> list[str]:
        result = rolestream("consume", "--domain", domain, "--json", *options)
        assert result.returncode == 0, result.stderr
        return [json.loads(line)["record_id"] for line in result.stdout.splitlines()]

    put_records(bootstrap_servers, domain, a_record("1"))
    assert printed() == ["1"]
    assert printed() == ["1"]
    groups = admin.list_consumer_groups(request_timeout=10).result()
    assert not [group for group in groups.valid if "rolestream-reader" in group.group_id]

    group = f"g-{uuid.uuid4().hex}"
    assert printed("--group", group) == ["1"]
    put_records(bootstrap_servers, domain, a_record("2"))
    assert printed("--group", group) == ["2"]
    assert printed("--group", group) == []
