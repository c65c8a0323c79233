"""The metrics of a process; a closed list with units in the names."""

from prometheus_client import Counter, Histogram

MESSAGES = Counter(
    "rolestream_messages_total", "Messages that an agent finished with.", ("agent", "result")
)
SENTENCES = Counter(
    "rolestream_sentences_total", "Sentences the chunk splitter read.", ("domain", "result")
)
WINDOWS = Counter("rolestream_windows_total", "Windows that were cut.", ("domain", "closed_by"))
RUNS = Counter("rolestream_model_runs_total", "Model runs.", ("domain", "role", "model", "outcome"))
RUN_COST = Counter(
    "rolestream_model_cost_usd_total",
    "Dollars paid to models, by what for: kept, not_kept, repair, judgment, exploration.",
    ("domain", "role", "model", "purpose"),
)
VERDICTS = Counter(
    "rolestream_verdicts_total",
    "What judges said of answers: right, wrong, or none that could be read.",
    ("domain", "role", "judge", "said"),
)
POOL_CHANGES = Counter(
    "rolestream_pool_changes_total", "Changes of the pool that this process heard of.", ("result",)
)
BLAME = Counter(
    "rolestream_blame_total",
    "Runs charged for what showed downstream.",
    ("domain", "role", "cause"),
)
RUN_LATENCY = Histogram(
    "rolestream_model_latency_seconds", "Latency of model runs.", ("role", "model")
)
RECORDS = Counter(
    "rolestream_records_total", "Records that were sent.", ("domain", "category", "op")
)
FEEDBACK = Counter("rolestream_feedback_total", "Feedback on windows, by use.", ("domain", "use"))
