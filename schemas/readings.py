"""Readings: what a meter said, and what became of it. Producer: ingest, and head-ends that write to Kafka."""

from typing import ClassVar

import pyarrow as pa
from pydantic import AwareDatetime

from schemas.batches import RecordBatches
from schemas.event import Event
from schemas.values import DeliveryId, PointId

READINGS_PER_MESSAGE = 5_000
"""The most rows one message of meter-readings may hold: 5,000 rows stay well under Kafka's 1 MB."""

UNKNOWN = -(2**63)
"""Stands for "not given" in an integer column of readings: a register can never have this value."""

METER_READINGS = pa.schema(
    [
        pa.field("serial", pa.string()),
        pa.field("metering_point", pa.string()),
        pa.field("read_at", pa.timestamp("us", "UTC"), nullable=False),
        pa.field("recorded_at", pa.timestamp("us", "UTC")),
        pa.field("energy_wh", pa.int64(), nullable=False),
        pa.field("volume_l", pa.int64()),
        pa.field("forward_lc", pa.int64()),
        pa.field("return_lc", pa.int64()),
        pa.field("flow_l_per_h", pa.float32()),
        pa.field("power_w", pa.float32()),
        pa.field("supply_c", pa.float32()),
        pa.field("return_c", pa.float32()),
        pa.field("withdrawn", pa.bool_(), nullable=False),
    ]
)
"""One row per reading: registers in whole Wh, litres and litre-degrees; samples as the meter gave them.

A reading names its meter by serial or its metering point by number, or both. `recorded_at` is when the
sender last touched the value; without it a reading counts as recorded when it was read. `withdrawn` takes
the reading of that instant back.
"""

METER_READINGS_BATCHES = RecordBatches(
    "meter-readings", 1, METER_READINGS, f"What meters said, at most {READINGS_PER_MESSAGE:,} readings a message."
)
METER_READINGS_SCHEMA_ID = METER_READINGS_BATCHES.schema_id()


class ReadingRefused(Event):
    """A reading that is kept but not used, for an operator to judge; or one whose refusal is resolved."""

    name: ClassVar[str] = "readings-refused"

    point_id: PointId | None
    meter: str | None
    read_at: AwareDatetime | None
    verdict: str
    resolved: bool = False
    delivery_id: DeliveryId | None = None
