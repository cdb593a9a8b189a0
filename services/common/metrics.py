"""Metrics that every service has, named once with their meaning."""

from prometheus_client import Counter, Gauge, Histogram

MESSAGES_CONSUMED = Counter("kulvert_messages_consumed_total", "Messages stored or found stored already", ["topic"])
DEAD_LETTERS = Counter("kulvert_dead_letters_total", "Messages that could not be decoded and were set aside", ["topic"])
BATCH_SECONDS = Histogram(
    "kulvert_batch_seconds",
    "Time from a batch's arrival until it is stored, announced and committed",
    ["topic"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
OLDEST_UNPROCESSED_SECONDS = Gauge(
    "kulvert_oldest_unprocessed_seconds",
    "Age of the oldest message not processed, or since when it is not known that none waits; 0 when none does",
    ["topic"],
)
PARTITIONS_LOST = Counter("kulvert_partitions_lost_total", "Batches undone because another worker owned the partition")
OUTBOX_RELAYED = Counter("kulvert_outbox_relayed_total", "Events the broker acknowledged from the outbox", ["topic"])
OUTBOX_OLDEST_SECONDS = Gauge("kulvert_outbox_oldest_seconds", "Age of the oldest event not sent; 0 when none waits")
# Not "job", which Prometheus calls what it asks.
JOB_FAILED = Gauge("kulvert_job_failed", "1 where a job's newest finished run raised an error, else 0", ["job_name"])
BANKID_NOT_VALID = Counter(
    "kulvert_bankid_completions_not_valid_total",
    "Approvals whose signature or status is not what it should be",
    ["fault"],
)
HTTP_SECONDS = Histogram("kulvert_http_seconds", "Time to answer an HTTP request", ["method", "route", "status"])
