"""The limit: the rows that the worker stored, copied into the same tables with nothing else done."""

import time
from pathlib import Path

import psycopg

from deploy.local.stack import Stack

TABLES = ("reading", "hour", "day")
BYTES_AT_ONCE = 1_000_000


def seconds(stack: Stack, work: Path) -> float:
    """Copy the stored readings, hours and days out, empty the tables, and give how long copying them back takes."""
    with psycopg.connect(stack.dsn("ingest")) as connection:
        for table in TABLES:
            with (
                (work / table).open("wb") as file,
                connection.cursor().copy(f"COPY (SELECT * FROM ingest.{table}) TO STDOUT (FORMAT binary)") as rows,
            ):
                for block in rows:
                    file.write(block)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("TRUNCATE ingest.reading, ingest.hour, ingest.day")
    began = time.monotonic()
    with psycopg.connect(stack.dsn("ingest")) as connection:
        for table in TABLES:
            with (
                (work / table).open("rb") as file,
                connection.cursor().copy(f"COPY ingest.{table} FROM STDIN (FORMAT binary)") as rows,
            ):
                while block := file.read(BYTES_AT_ONCE):
                    rows.write(block)
    return time.monotonic() - began
