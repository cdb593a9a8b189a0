"""A town sent to the stack's doors, settled there, and forgotten again so that it may come anew."""

import asyncio
import time
from typing import Any

import psycopg

from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.deliveries import put_source
from services.cli.requests import Client
from services.cli.simulator.posting import SOURCE_KIND, SOURCE_RANK, send_weather
from services.cli.simulator.town import Town
from services.ingest.sending import deliveries
from tests.scenarios.town.orders import Wave
from tests.signatures import want_signatures

SETTLED_WITHIN_S = 900
LOOKS, LOOK_EVERY_S = 3, 0.1
"""So often nothing must be seen to wait, since what is done may ask for more."""

_WAITING = """
    SELECT (SELECT coalesce(sum(result.readings), 0) FROM ingest.delivery_result AS result
              JOIN ingest.delivery USING (delivery_id) JOIN ingest.source USING (source_id)
             WHERE source.name = %(name)s) >= %(taken)s
       AND (SELECT count(*) FROM ingest.outdoor_temperature WHERE station_id LIKE %(like)s) = %(temperatures)s
       AND NOT EXISTS (SELECT FROM ingest.rejudge)
       AND NOT EXISTS (SELECT FROM ingest.temperature_change)
       AND NOT EXISTS (SELECT FROM ingest.signature WHERE is_stale)
"""
_FORGET_POINTS = (
    "reading", "hour", "day", "hour_was", "day_was", "flag", "signature", "rejudge", "point_state",
)  # fmt: skip
_FORGET_STATIONS = ("outdoor_temperature", "filled_temperature", "daily_temperature", "temperature_change")
_OF_POINTS = "WHERE point_id IN (SELECT point_id FROM ingest.point WHERE number LIKE %(like)s)"
_OF_SOURCE = """
    WHERE delivery_id IN (SELECT delivery_id FROM ingest.delivery JOIN ingest.source USING (source_id)
                           WHERE source.name = %(name)s)
"""


class Sending:
    """Sends one town to a stack, wave by wave."""

    def __init__(self, stack: Stack, town: Town, connection: psycopg.Connection[Any]) -> None:
        self._stack = stack
        self._town = town
        self._connection = connection
        self._names = {"name": town.name, "like": f"{town.name}-%"}
        self._taken = 0
        self._parts = 0

    def send(self, wave: Wave) -> None:
        """Deliver each part by itself. None of a town's readings may be refused at the door."""
        with put_source(self._stack, self._town.name, SOURCE_KIND, SOURCE_RANK) as head_end:
            for part in wave:
                self._parts += 1
                # Under a name of its own, since what is repeated is to be judged once more.
                sent = deliveries.deliver(head_end, part, f"{self._town.name}:{self._parts}", lambda _: None)
                assert sum(one.taken for one in sent) == part.num_rows
                self._taken += part.num_rows

    def send_weather(self) -> None:
        """Send all temperatures."""
        with Client(self._stack, INGEST_API, patience_s=60) as staff:
            send_weather(staff, self._town)

    def settle(self) -> None:
        """Wait until all that was sent is judged and estimated."""
        self._wait()
        # As the nightly job does; else only those months have a signature in which a gap begins.
        asyncio.run(want_signatures(self._stack.dsn("ingest")))
        self._wait()

    def _wait(self) -> None:
        expected = {"taken": self._taken, "temperatures": self._town.temperature_c.size}
        began, quiet = time.monotonic(), 0
        while quiet < LOOKS:
            assert time.monotonic() - began < SETTLED_WITHIN_S, "the worker does not come to an end"
            row = self._connection.execute(_WAITING, self._names | expected).fetchone()
            quiet = quiet + 1 if row and row[0] else 0
            time.sleep(LOOK_EVERY_S)

    def forget(self) -> None:
        """Let nothing have come of the town; what is documented stays."""
        with self._connection.transaction():
            for table in _FORGET_POINTS:
                self._connection.execute(f"DELETE FROM ingest.{table} {_OF_POINTS}".encode(), self._names)
            for table in _FORGET_STATIONS:
                self._connection.execute(
                    f"DELETE FROM ingest.{table} WHERE station_id LIKE %(like)s".encode(), self._names
                )
            for table in ("delivery_result", "delivery_payload", "delivery"):
                self._connection.execute(f"DELETE FROM ingest.{table} {_OF_SOURCE}".encode(), self._names)
            self._connection.execute(
                "INSERT INTO ingest.point_state (point_id)"
                " SELECT point_id FROM ingest.point WHERE number LIKE %(like)s",
                self._names,
            )
        self._taken = 0
