"""The metrics of a process; a closed list with units in the names."""

from prometheus_client import Counter, Gauge, Histogram

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
DEAREST_COST = Counter(
    "rolestream_dearest_model_cost_usd_total",
    "Dollars the kept answers would have cost at the prices of the pool's dearest model.",
    ("domain", "role"),
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
WINDOW_LATENCY = Histogram(
    "rolestream_window_latency_seconds",
    "From the cut of a window to its records on the broker.",
    ("domain",),
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900),
)
DEAD_LETTERED = Counter(
    "rolestream_dead_letters_total", "Messages put on dead-letters, by cause.", ("role", "kind")
)
LAG = Gauge(
    "rolestream_lag_messages",
    "Messages before a role that are not committed, on the partitions of this process.",
    ("role",),
)
PARTITIONS = Gauge("rolestream_assigned_partitions", "Partitions this process works on.", ("role",))
MESSAGES_IN_FLIGHT = Gauge(
    "rolestream_messages_in_flight", "Messages being worked on at the moment.", ("role",)
)
CALLS_IN_FLIGHT = Gauge(
    "rolestream_model_calls_in_flight",
    "Model calls under way or waiting for a free place.",
    ("model",),
)
BREAKER_STATE = Gauge(
    "rolestream_breaker_state",
    "A model's circuit breaker: 0 closed, 1 half open, 2 open.",
    ("model",),
)
PROVIDER_BREAKER_STATE = Gauge(
    "rolestream_provider_breaker_state",
    "A provider's circuit breaker: 0 closed, 1 half open, 2 open.",
    ("base_url",),
)
MODEL_CALLS = Counter(
    "rolestream_model_calls_total",
    "Calls to endpoints by how they ended; a run may take several.",
    ("model", "result"),
)
MODEL_RETRIES = Counter(
    "rolestream_model_retries_total", "Calls that were made again after a failure.", ("model",)
)
WINDOWS_WAITING = Gauge(
    "rolestream_windows_waiting",
    "Windows that wait because every model that may serve the role is away.",
    ("role",),
)
BUDGET_LEFT = Gauge(
    "rolestream_budget_left_usd", "Dollars that a budget still allows in its period.", ("budget",)
)
STALLED_PARTITIONS = Gauge(
    "rolestream_stalled_partitions",
    "Partitions with lag whose position has not moved for worker.stalled_after_s.",
    ("role",),
)
LOOP_LAG = Histogram(
    "rolestream_event_loop_lag_seconds",
    "How much later than due the event loop turned to a timer.",
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)
READY = Gauge("rolestream_ready", "1 if /readyz says yes, else 0.")
STATE_KEYS = Gauge(
    "rolestream_state_keys", "Keys of a state topic in memory, on this process.", ("kafka_topic",)
)
STATE_EXPIRED = Counter(
    "rolestream_state_expired_total", "Keys that were not written for long.", ("kafka_topic",)
)
PAGE_CLIENTS = Gauge("rolestream_page_clients", "Open event streams of the live page.")
ALLOWANCE_WAIT = Histogram(
    "rolestream_allowance_wait_seconds",
    "How long a call waited for its share of a limit or budget.",
    ("model",),
    buckets=(0.001, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
BUDGET_SPENT = Gauge(
    "rolestream_budget_spent",
    "1 while a budget is at its limit and its action is taken, else 0.",
    ("budget", "action"),
)
