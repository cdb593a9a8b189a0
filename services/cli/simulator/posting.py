"""A town on a running stack: put its documents, then deliver its weather and readings as they come."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from deploy.local.services import CONTRACTS, INGEST_API
from deploy.local.stack import Stack
from schemas.readings import READINGS_PER_MESSAGE
from services.cli.deliveries import put_source
from services.cli.price_lists import put_shipped
from services.cli.requests import Client, RequestError
from services.cli.simulator.calendar import iso
from services.cli.simulator.documents import HEAT_PRICE_LIST, OF_CONTRACTS, OF_INGEST, Document, documents
from services.cli.simulator.town import Batch, Town
from services.heat.hour_marks import HOUR_S
from services.ingest.sending import deliveries

PUTS_AT_ONCE = 4
ROWS_AT_ONCE = 4 * READINGS_PER_MESSAGE
SOURCE_KIND, SOURCE_RANK = "bulk", 10
MOST_TEMPERATURES = 10_000
ROUND_S = 900
"""At a pace of its own the head-end sends every quarter of an hour of simulated time."""
PATIENCE_S = 300.0
KNOWN_WITHIN_S, LOOK_AGAIN_S = 60.0, 0.2
"""A metering point put at contracts is known to ingest a moment later, once its event has arrived."""

OnProgress = Callable[[int], None]
"""Told how many readings, or documents, have gone out so far."""


class Sent(NamedTuple):
    """What a delivery came to: readings sent, taken in to be judged, and refused at the door."""

    readings: int
    taken: int
    refused: int


@dataclass(frozen=True)
class Pace:
    """So many simulated seconds in a second, from an instant of the town's time on; what lies before goes at once."""

    speed: float
    from_s: int


def register(stack: Stack, town: Town, on_progress: OnProgress = lambda _: None) -> None:
    """Put everything at the stack that must be known before readings come; doing it again changes nothing.

    Raises RequestError where a service refuses or does not answer, or has another town of this seed already.
    """
    of_kind = documents(town)
    done = 0
    _refuse_another_town(stack, town, of_kind["meters"])
    # Without patience: where nothing runs, a person is to hear of it at once.
    with Client(stack, CONTRACTS) as contracts:
        put_shipped(contracts, HEAT_PRICE_LIST)
    with Client(stack, CONTRACTS, patience_s=PATIENCE_S) as contracts:
        for kind in OF_CONTRACTS:
            _put_all(contracts, kind, of_kind[kind])
            done += len(of_kind[kind])
            on_progress(done)
    with Client(stack, INGEST_API, patience_s=PATIENCE_S) as ingest:
        for kind in OF_INGEST:
            _put_all(ingest, kind, of_kind[kind])
            done += len(of_kind[kind])
            on_progress(done)


def _refuse_another_town(stack: Stack, town: Town, meters: Mapping[str, Document]) -> None:
    """Find a town of the same seed but another first day before its documents are overwritten. Raises RequestError."""
    serial, document = next(iter(meters.items()))
    with Client(stack, INGEST_API) as ingest:
        known = ingest.ask("GET", f"/v1/meters/{serial}", answers=(404,))
    if known.is_success and _begins(known.json()) != _begins(document):
        raise RequestError(f"this stack has another town of seed {town.seed} already: choose another with --seed")


def _begins(meter: Document) -> datetime:
    return datetime.fromisoformat(meter["installations"][0]["installed_at"])


def deliver(
    stack: Stack,
    town: Town,
    on_progress: OnProgress = lambda _: None,
    pace: Pace | None = None,
    given_up: threading.Event | None = None,
) -> Sent:
    """Send weather and readings in the order of delivery, as fast as they are taken, or at a pace.

    At a pace nothing is sent before its own time by the clock of this machine. Readings that go as fast as they are
    taken are sent some thousands at once, which overtake each other. Doing it again with the same town
    and without a pace is the same deliveries again. Once `given_up` is set, a service that is away is not waited for.
    Raises RequestError.
    """
    total = Sent(0, 0, 0)
    with (
        Client(stack, INGEST_API, patience_s=PATIENCE_S, given_up=given_up) as staff,
        put_source(stack, town.name, SOURCE_KIND, SOURCE_RANK, given_up) as head_end,
    ):
        weather = _Weather(staff, town)
        for batch in _in_time(town, pace):
            weather.send_until(batch.sent_at_s)
            total = _added(total, _post(head_end, town, batch))
            on_progress(total.readings)
        weather.send_until(town.to_s)
    return total


def send_weather(staff: Client, town: Town) -> None:
    """Send all of a town's weather at once. Raises RequestError."""
    _Weather(staff, town).send_until(town.to_s)


def _put_all(client: Client, kind: str, of_kind: Any) -> None:
    with ThreadPoolExecutor(PUTS_AT_ONCE) as threads:
        for _ in threads.map(partial(_put, client, kind), of_kind.items()):
            pass


def _put(client: Client, kind: str, numbered: tuple[str, Document]) -> None:
    number, document = numbered
    deadline = time.monotonic() + KNOWN_WITHIN_S
    while True:
        try:
            client.ask("PUT", f"/v1/{kind}/{number}", json=document)
        except RequestError as error:
            if error.code != "unknown_metering_point" or time.monotonic() > deadline:
                raise
            time.sleep(LOOK_AGAIN_S)
        else:
            return


def _in_time(town: Town, pace: Pace | None) -> Iterator[Batch]:
    """Give batches when they are due."""
    if pace is None:
        yield from town.batches(ROWS_AT_ONCE)
        return
    for batch in town.batches(ROWS_AT_ONCE, until_s=pace.from_s):
        yield batch
    began = time.monotonic()
    for batch in town.rounds(ROUND_S, pace.from_s):
        due_in_s = began + (batch.sent_at_s - pace.from_s) / pace.speed - time.monotonic()
        not_before_s = batch.sent_at_s - time.time()
        time.sleep(max(due_in_s, not_before_s, 0))
        yield batch


def _post(head_end: Client, town: Town, batch: Batch) -> Sent:
    delivered = deliveries.deliver(head_end, batch.readings, town.name, lambda _: None)
    taken = sum(one.taken for one in delivered)
    return Sent(batch.readings.num_rows, taken, batch.readings.num_rows - taken)


def _added(one: Sent, other: Sent) -> Sent:
    return Sent(one.readings + other.readings, one.taken + other.taken, one.refused + other.refused)


class _Weather:
    """Sends each hour's temperatures once the hour is over."""

    def __init__(self, staff: Client, town: Town) -> None:
        self._staff = staff
        self._town = town
        self._sent = 0

    def send_until(self, at_s: int) -> None:
        """Send what was observed since the last time, up to an instant."""
        over = int(np.searchsorted(self._town.temperature_s + HOUR_S, at_s, side="right"))
        while self._sent < over:
            until = min(self._sent + MOST_TEMPERATURES, over)
            for station, celsius in zip(self._town.stations, self._town.temperature_c, strict=True):
                self._send(station, self._town.temperature_s[self._sent : until].tolist(), celsius[self._sent : until])
            self._sent = until

    def _send(self, station: str, starts_s: list[int], celsius: Any) -> None:
        values = [
            {"starts_at": iso(at_s), "celsius": value} for at_s, value in zip(starts_s, celsius.tolist(), strict=True)
        ]
        observed = {"station_id": station, "recorded_at": iso(starts_s[-1] + HOUR_S), "values": values}
        self._staff.ask("POST", "/v1/outdoor-temperatures", json=observed)
