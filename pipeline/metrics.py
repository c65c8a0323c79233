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
    "rolestream_model_cost_usd_total", "Cost of model runs in dollars.", ("domain", "role", "model")
)
RUN_LATENCY = Histogram(
    "rolestream_model_latency_seconds", "Latency of model runs.", ("role", "model")
)
RECORDS = Counter(
    "rolestream_records_total", "Records that were sent.", ("domain", "category", "op")
)
FEEDBACK = Counter("rolestream_feedback_total", "Feedback on windows, by use.", ("domain", "use"))
