"""What one `produce` did, for machines and for people."""

from deploy.cli.production import Production
from deploy.cli.sender import Sender


def summary_of(
    production: Production, sender: Sender, kafka_topic: str, duration_s: float
) -> dict[str, object]:
    """What `--json` prints."""
    tally = production.tally
    return {
        "kafka_topic": kafka_topic,
        "sent": sender.delivered - tally.ends_sent,
        "already_there": tally.already_there,
        "bad_lines": tally.bad_lines,
        "empty_cues": tally.empty_cues,
        "streams": {
            stream: {"last_seq": tail.seq, "ended": tail.end_seq is not None}
            for stream, tail in tally.streams.items()
        },
        "duration_s": round(duration_s, 3),
    }


def sentence_of(summary: dict[str, object]) -> str:
    """The same for people."""
    parts = [f"{summary['sent']} sentences sent to {summary['kafka_topic']}"]
    for key, words in (
        ("already_there", "were already there"),
        ("bad_lines", "bad lines left out"),
        ("empty_cues", "cues without text left out"),
    ):
        if summary[key]:
            parts.append(f"{summary[key]} {words}")
    return f"{', '.join(parts)}, in {summary['duration_s']} s"
