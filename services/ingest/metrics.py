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
PARTITIONS_UNTIL_SECONDS = Gauge(
    "kulvert_ingest_partitions_until_seconds",
    "Until when there are partitions for what comes, since 1970; 0 in a process that has not looked",
)
PARTITIONS_SORTED = Counter(
    "kulvert_ingest_partitions_sorted_total", "Closed months sorted or compressed, by how that ended", ["outcome"]
)
"""outcome: sorted; written, where somebody wrote meanwhile; busy, where nobody would wait: both are tried again."""
PARTITIONS_DROPPED = Counter(
    "kulvert_ingest_partitions_dropped_total", "Months of readings and hours, and years of days, no longer kept"
)
DELIVERIES_DROPPED = Counter("kulvert_ingest_deliveries_dropped_total", "Deliveries no longer kept, with their bytes")
HELD_DROPPED = Counter("kulvert_ingest_held_dropped_total", "Held readings no longer kept")
MQTT_MESSAGES = Counter(
    "kulvert_ingest_mqtt_messages_total", "Messages of the broker taken in, by what they are", ["form"]
)
"""form: readings, telegrams, uplink; not_ours, where only an earlier start subscribed to the topic."""
MQTT_WAITING = Gauge("kulvert_ingest_mqtt_waiting", "Messages of the broker that could not be kept at once, and wait")
MQTT_CONNECTED = Gauge("kulvert_ingest_mqtt_connected", "1 while the broker's messages are subscribed to, else 0")
MQTT_NEWEST_MESSAGE_SECONDS = Gauge(
    "kulvert_ingest_mqtt_newest_message_seconds", "When the newest message of the broker was taken in, since 1970"
)
