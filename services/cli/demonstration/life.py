"""The simulated town: its past as fast as it is taken, then its life hour by hour until it has caught up with us."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from deploy.local.folder import StackError
from deploy.local.stack import Stack
from services.cli.demonstration.steps import Steps
from services.cli.requests import RequestError
from services.cli.simulator.calendar import midnight_s
from services.cli.simulator.posting import ROWS_AT_ONCE, Pace, deliver, register
from services.cli.simulator.town import SWEDEN, Town, town

BUILDINGS = 20
LIVE_DAYS = 2
DAYS_AHEAD = 2
SPEED = 3600.0
"""An hour of the town's life in a second, until it has caught up with the clock."""
JUDGED_WITHIN_S = 300.0
LOOK_EVERY_S = 0.1

# A delivery's readings are all judged once its messages have as many verdicts as readings were taken.
_WAITING = """
    SELECT (SELECT coalesce(sum(taken), 0) FROM ingest.delivery)
         - (SELECT coalesce(sum(readings), 0) FROM ingest.delivery_result)
"""
_DELIVERED = "SELECT count(*) FROM ingest.delivery JOIN ingest.source USING (source_id) WHERE name = %s"


def built(now: datetime) -> Town:
    """Build the town: from the first of a month over a year ago until after now."""
    today = now.astimezone(SWEDEN).date()
    first_day = (today.replace(day=1) - timedelta(days=370)).replace(day=1)
    # A stack takes each town once, and with its first day it is another one: so it gets another seed each month.
    return town(today.year * 100 + today.month, BUILDINGS, first_day, today + timedelta(days=DAYS_AHEAD))


class Life:
    """Delivers a town in a thread of its own: its past first, then its present."""

    def __init__(self, stack: Stack, of: Town, now: datetime, given_up: threading.Event) -> None:
        self._stack = stack
        self._town = of
        today = now.astimezone(SWEDEN).date()
        self._pace = Pace(SPEED, midnight_s(today - timedelta(days=LIVE_DAYS), SWEDEN))
        self._past = sum(batch.readings.num_rows for batch in of.batches(ROWS_AT_ONCE, until_s=self._pace.from_s))
        self._sent = 0
        self._thread = threading.Thread(target=self._live, daemon=True)
        self._failure: RequestError | None = None
        self._given_up = given_up

    def register(self) -> None:
        """Put the town's documents. Raises RequestError."""
        register(self._stack, self._town)

    def begin(self, steps: Steps) -> float | None:
        """Deliver the past and wait until it is judged; the present goes on by itself.

        Gives readings a second, or None where they had been delivered before, so that nothing was left to judge.
        Raises StackError where the worker does not get on.
        """
        is_new = not self._is_delivered()
        began = time.monotonic()
        self._thread.start()
        with steps.bar("  readings of the town", self._past) as bar:
            shown = 0
            deadline = began + JUDGED_WITHIN_S
            while shown < self._past:
                judged = max(min(self._sent, self._past) - self._waiting(), 0)
                if judged > shown:
                    bar(judged - shown)
                    shown, deadline = judged, time.monotonic() + JUDGED_WITHIN_S
                self._check(deadline)
                time.sleep(LOOK_EVERY_S)
        return self._past / (time.monotonic() - began) if is_new else None

    def _check(self, deadline: float) -> None:
        if self._failure is not None:
            raise self._failure
        if time.monotonic() > deadline:
            raise StackError(f"the worker judged nothing for {JUDGED_WITHIN_S:.0f} s; look at: kulvert status")

    def _live(self) -> None:
        try:
            deliver(self._stack, self._town, self._note, self._pace, self._given_up)
        except RequestError as error:
            # At the end of the demonstration the services go first; before that it is told.
            self._failure = error

    def _note(self, sent: int) -> None:
        self._sent = sent

    def _waiting(self) -> int:
        return self._count(_WAITING)

    def _is_delivered(self) -> bool:
        return self._count(_DELIVERED, self._town.name) > 0

    def _count(self, query: LiteralString, *parameters: str) -> int:
        with psycopg.connect(self._stack.dsn("ingest"), autocommit=True) as connection:
            row = connection.execute(query, parameters).fetchone()
        return int(row[0]) if row else 0


def whole_months(of: Town, now: datetime) -> list[str]:
    """Give the town's months that are over, such as 2026-01."""
    last = now.astimezone(UTC).date().replace(day=1)
    months = []
    month = of.first_day
    while month < last:
        months.append(f"{month:%Y-%m}")
        month = (month + timedelta(days=32)).replace(day=1)
    return months
