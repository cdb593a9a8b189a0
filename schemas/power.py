"""Hourly and daily power, as record batches. Producer: ingest."""

import pyarrow as pa

from schemas.batches import RecordBatches

NEWEST_HOUR_HEADER = "newest-hour"
"""Header with the start of the newest hour in the message, ISO 8601, so that a consumer can tell old from new."""

HOURLY_POWER = pa.schema(
    [
        pa.field("point_id", pa.int32(), nullable=False),
        pa.field("starts_at", pa.timestamp("s", "UTC"), nullable=False),
        pa.field("energy_wh", pa.int64()),
        pa.field("return_c", pa.float32()),
        pa.field("quality", pa.int8(), nullable=False),
        pa.field("revision", pa.int64(), nullable=False),
    ]
)
"""One row per hour that is new or changed. energy_wh is null where a withdrawal left the hour unknown.

quality is the index in `QUALITIES`.
"""

HOURLY_POWER_BATCHES = RecordBatches("hourly-power", 1, HOURLY_POWER, "Hours of points that are new or changed.")
HOURLY_POWER_SCHEMA_ID = HOURLY_POWER_BATCHES.schema_id()

DAILY_POWER = pa.schema(
    [
        pa.field("point_id", pa.int32(), nullable=False),
        pa.field("day", pa.date32(), nullable=False),
        pa.field("energy_wh", pa.int64()),
        pa.field("maximum_hour_wh", pa.int64()),
        pa.field("hours_expected", pa.int16(), nullable=False),
        pa.field("hours_present", pa.int16(), nullable=False),
        pa.field("hours_measured", pa.int16(), nullable=False),
        pa.field("revision", pa.int64(), nullable=False),
    ]
)
"""One row per local day that became whole or changed; energy_wh is null where a withdrawal undid the day."""

DAILY_POWER_BATCHES = RecordBatches(
    "daily-power", 1, DAILY_POWER, "Local days of points that became whole or have changed."
)
DAILY_POWER_SCHEMA_ID = DAILY_POWER_BATCHES.schema_id()

QUALITIES = ("missing", "measured", "interpolated", "estimated", "manual")
"""The qualities by the small number that tables and messages carry; never reordered, only added to."""
