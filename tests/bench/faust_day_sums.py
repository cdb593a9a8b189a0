"""The same day sums in Faust, as one would write them there; run as a process to be measured beside the worker.

What a register rose since the metering point's previous reading counts to the local day of that reading.
"""

import sys
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import faust
import pyarrow as pa

from schemas.topics import METER_READINGS, Topic

GROUP = "day-sums-of-faust"
EPOCH_DAY = datetime(1970, 1, 1, tzinfo=UTC).toordinal()


def _changelog(table: str) -> Topic:
    return replace(METER_READINGS, name=f"{GROUP}-{table}-changelog", retention="compact")


REGISTERS = _changelog("registers")
"""Gets one message for each reading that was handled."""
DAY_SUMS = _changelog("day-sums")


def app(bootstrap: str, folder: str, zone: ZoneInfo) -> faust.App:
    """Give the app with its two tables, each with its changelog."""
    made = faust.App(
        GROUP,
        broker=f"kafka://{bootstrap}",
        store="memory://",
        datadir=folder,
        consumer_auto_offset_reset="earliest",
        topic_partitions=METER_READINGS.partitions,
        topic_replication_factor=1,
        topic_disable_leader=True,
        broker_commit_interval=0.5,
        web_enabled=False,
        autodiscover=False,
    )
    source = made.topic(METER_READINGS.name, value_type=bytes, value_serializer="raw", key_serializer="raw")
    registers = made.Table("registers", key_type=str, value_type=list, partitions=METER_READINGS.partitions)
    day_sums = made.Table("day-sums", key_type=str, value_type=int, default=int, partitions=METER_READINGS.partitions)

    @made.agent(source)
    async def add(messages: Any) -> None:
        async for value in messages:
            with pa.ipc.open_stream(value) as stream:
                rows = stream.read_all().select(["metering_point", "read_at", "energy_wh"]).to_pydict()
            for point, read_at, energy_wh in zip(*rows.values(), strict=True):
                before = registers.get(point)
                if before is not None:
                    day_sums[f"{point}:{before[0]}"] += energy_wh - before[1]
                registers[point] = [read_at.astimezone(zone).toordinal() - EPOCH_DAY, energy_wh]

    return made


if __name__ == "__main__":
    faust.Worker(app(sys.argv[1], sys.argv[2], ZoneInfo(sys.argv[3])), loglevel="WARNING").execute_from_commandline()
