"""Metrics of the ingest service, named once with their meaning."""

from prometheus_client import Counter, Gauge

READINGS_RECEIVED = Counter("kulvert_ingest_readings_received_total", "Readings that the broker has acknowledged")
ITEMS_REFUSED = Counter(
    "kulvert_ingest_items_refused_total",
    "Items of deliveries refused at the door for their form, by reason",
    ["reason"],
)
READINGS_JUDGED = Counter("kulvert_ingest_readings_judged_total", "Readings by what became of them", ["verdict"])
HOURS_STORED = Counter("kulvert_ingest_hours_stored_total", "Hours stored, new or changed", ["kind"])
"""kind: new, changed."""
NEWEST_HOUR_SECONDS = Gauge("kulvert_ingest_newest_hour_seconds", "Start of the newest hour stored, since 1970")
READINGS_RELEASED = Counter(
    "kulvert_ingest_readings_released_total", "Held readings read again because their meter or point became known"
)
FIGURES_DIFFER = Gauge(
    "kulvert_ingest_figures_differ", "Rows that the newest audit found not to follow from their readings", ["kind"]
)
"""kind: verdicts, hours, days, flags, state."""
