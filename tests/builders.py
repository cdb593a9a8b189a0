"""What tests build their input from."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import psycopg
import pyarrow as pa

from schemas.readings import METER_READINGS

HOUR_S = 3600
MIDNIGHT_S = int(datetime(2024, 1, 9, 23, tzinfo=UTC).timestamp())
"""Midnight in Stockholm, 2024-01-10."""


def batch(rows: Iterable[Mapping[str, Any]]) -> pa.RecordBatch:
    """Make a record batch of meter-readings; what a row does not name is null. Times in seconds since 1970."""
    complete = [{"withdrawn": False} | dict(row) for row in rows]
    columns = []
    for field in METER_READINGS:
        values = [row.get(field.name) for row in complete]
        if pa.types.is_timestamp(field.type):
            values = [None if value is None else int(value * 1_000_000) for value in values]
            columns.append(pa.array(values, pa.int64()).cast(field.type))
        else:
            columns.append(pa.array(values, field.type))
    return pa.RecordBatch.from_arrays(columns, schema=METER_READINGS)


def stream(rows: pa.RecordBatch) -> bytes:
    """Write a record batch as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as writer:
        writer.write_batch(rows)
    return bytes(sink.getvalue().to_pybytes())


class Place(Protocol):
    """Where ingest's tables are: the stack's database, or one of a test's own."""

    @property
    def admin_dsn(self) -> str: ...


class Points:
    """Metering points straight in ingest's tables, numbered on through the whole test run."""

    def __init__(self, stack: Place) -> None:
        self._stack = stack

    def add(self, count: int = 1, maximum_kw: int = 5000) -> list[int]:
        """Add metering points named MP-<point_id>; returns their ids."""
        with psycopg.connect(self._stack.admin_dsn) as connection:
            # Far above the ids that contracts gives out, or the services' tests would find each other's figures.
            row = connection.execute("SELECT greatest(max(point_id), 1000000) FROM ingest.point").fetchone()
            first = (row[0] if row else 0) + 1
            ids = list(range(first, first + count))
            cursor = connection.cursor()
            cursor.executemany(
                "INSERT INTO ingest.point VALUES (%s, %s, 'aalborg', 'heat', %s, 1)",
                [(point_id, f"MP-{point_id}", maximum_kw) for point_id in ids],
            )
            cursor.executemany("INSERT INTO ingest.point_state (point_id) VALUES (%s)", [(one,) for one in ids])
            connection.execute("UPDATE ingest.reference_version SET version = version + 1")
        return ids

    def install(self, serial: str, point_id: int, installed_s: int, removed_s: int | None = None, **meter: int) -> None:
        """Put a meter at a metering point; `meter` may name modulus_wh, start_wh and the like."""
        with psycopg.connect(self._stack.admin_dsn) as connection:
            row = connection.execute(
                "INSERT INTO ingest.meter (serial, modulus_wh, modulus_l) VALUES (%s, %s, %s) RETURNING meter_id",
                [serial, meter.get("modulus_wh", 0), meter.get("modulus_l", 0)],
            ).fetchone()
            assert row is not None
            connection.execute(
                "INSERT INTO ingest.meter_installation"
                " (meter_id, point_id, installed_at, removed_at, start_wh, stop_wh)"
                " VALUES (%s, %s, to_timestamp(%s), to_timestamp(%s), %s, %s)",
                [row[0], point_id, installed_s, removed_s, meter.get("start_wh"), meter.get("stop_wh")],
            )
            connection.execute("UPDATE ingest.reference_version SET version = version + 1")

    def rows(self, query: str, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Look at the tables as an administrator."""
        with psycopg.connect(self._stack.admin_dsn) as connection:
            return connection.execute(query.encode(), parameters).fetchall()
