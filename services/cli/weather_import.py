"""A file of outdoor temperatures to the stack's ingest service, until they are stored."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import psycopg

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS, INGEST_API
from deploy.local.stack import Stack
from services.cli.deliveries import PATIENCE_S
from services.cli.readings_import import profile_of, read_bytes
from services.cli.requests import Client, RequestError, told_of_database
from services.ingest.core.places import Place
from services.ingest.sending.deliveries import POLL_S, Progress
from services.ingest.sending.report import ImportReport
from services.ingest.sources import smhi
from services.ingest.sources.profile import Profile
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.temperatures_file import TemperaturesFile, temperatures_file

VALUES_AT_ONCE = 10_000

# Stored are singles, so that only what is sent as one can be found again.
_NOT_STORED = """
    SELECT count(*)
      FROM unnest(%s::bigint[], %s::real[]) AS sent(starts_s, celsius)
      LEFT JOIN ingest_v1.outdoor_temperature AS stored
             ON stored.station_id = %s AND stored.starts_at = to_timestamp(sent.starts_s)
     WHERE stored.celsius IS DISTINCT FROM sent.celsius
"""


class OpenedWeather(NamedTuple):
    """A file of temperatures that was read: its place, what it says, and what it says of its station."""

    path: Path
    found: TemperaturesFile
    station_name: str | None = None
    place: Place | None = None

    def report(self) -> ImportReport:
        """Begin the report with what the file itself got wrong."""
        refusals = self.found.refusals
        report = ImportReport(self.path, len(self.found.starts_s) + len(refusals), notes=self.found.notes)
        report.refuse(refusals, refusals.counts)
        return report


def open_weather(path: Path, profile: Profile) -> OpenedWeather:
    """Read a file of temperatures. Raises StackError, which says what to do."""
    try:
        return OpenedWeather(path, temperatures_file(read_bytes(path), profile))
    except UnreadableFileError as error:
        raise StackError(f"{path}: {error}") from error


def open_named(path: Path, profile: str | None) -> OpenedWeather:
    """Read a file of temperatures by a profile's name; SMHI's are known by sight. Raises StackError."""
    if profile not in (None, smhi.NAME):
        return open_weather(path, profile_of(str(profile)))
    data = read_bytes(path)
    if profile is None and not smhi.is_smhi(data):
        raise StackError(
            f"{path} is no file of SMHI's, the only ones known by sight; say what it looks like: --profile"
        )
    try:
        read = smhi.smhi_file(data)
    except UnreadableFileError as error:
        raise StackError(f"{path}: {error}") from error
    return OpenedWeather(path, read.found, read.station_name, read.place)


def station_of(stack: Stack, metering_point: str | None) -> str:
    """Give the weather station that a metering point belongs to. Raises RequestError."""
    if metering_point is None:
        raise RequestError("say whose temperatures these are: --station ID, or --metering-point ID for its own station")
    with Client(stack, CONTRACTS) as contracts:
        station_id = contracts.ask("GET", f"/v1/metering-points/{quote(metering_point, safe='')}").json()["station_id"]
    if station_id is None:
        raise RequestError(f"metering point {metering_point} belongs to no station; give one with --station")
    return str(station_id)


def import_weather(
    stack: Stack,
    opened: OpenedWeather,
    station: tuple[str, str | None],
    wait_s: float,
    on_taken: Progress,
    on_stored: Progress,
) -> ImportReport:
    """Send a file's temperatures, recorded now, and wait until all are stored; gives what became of every line.

    station: its id and, where it is new or its name changes, its name. A station that is not known is made, by what
    the file says of it. Raises RequestError.
    """
    station_id, name = station
    recorded_at = datetime.now(UTC).isoformat()
    with Client(stack, INGEST_API, patience_s=PATIENCE_S) as ingest:
        if name is not None:
            ingest.ask("PUT", f"/v1/stations/{quote(station_id, safe='')}", json={"name": name})
        for start in range(0, len(opened.found.starts_s), VALUES_AT_ONCE):
            values = _values(opened.found, slice(start, start + VALUES_AT_ONCE))
            _post(ingest, {"station_id": station_id, "recorded_at": recorded_at, "values": values}, opened)
            on_taken(len(values))
    _wait_until_stored(stack, station_id, opened.found, wait_s, on_stored)
    return opened.report()


def _values(found: TemperaturesFile, part: slice) -> list[dict[str, Any]]:
    hours = zip(found.starts_s[part].tolist(), found.celsius[part].tolist(), strict=True)
    return [{"starts_at": datetime.fromtimestamp(at_s, UTC).isoformat(), "celsius": c} for at_s, c in hours]


def _post(ingest: Client, document: Mapping[str, Any], opened: OpenedWeather) -> None:
    try:
        ingest.ask("POST", "/v1/outdoor-temperatures", json=document)
    except RequestError as error:
        if error.code != "unknown_station":
            raise
        station_id = document["station_id"]
        place = opened.place._asdict() if opened.place else {}
        station = {"name": opened.station_name or station_id} | place
        ingest.ask("PUT", f"/v1/stations/{quote(station_id, safe='')}", json=station)
        ingest.ask("POST", "/v1/outdoor-temperatures", json=document)


def _wait_until_stored(
    stack: Stack, station_id: str, found: TemperaturesFile, within_s: float, on_stored: Progress
) -> None:
    """Wait until every hour is stored as it was sent. Raises RequestError where nothing comes for `within_s`."""
    values = [found.starts_s.tolist(), found.celsius.tolist(), station_id]
    waiting, deadline = len(found.starts_s), time.monotonic() + within_s
    with told_of_database(), psycopg.connect(stack.dsn("ingest"), autocommit=True) as connection:
        while waiting:
            missing = int(connection.execute(_NOT_STORED, values).fetchall()[0][0])
            if missing < waiting:
                on_stored(waiting - missing)
                waiting, deadline = missing, time.monotonic() + within_s
            elif time.monotonic() > deadline:
                raise RequestError(
                    f"all is sent, but {missing:,} hours are not stored after {within_s:.0f} s without progress;"
                    " look at the worker with: kulvert status"
                )
            else:
                time.sleep(POLL_S)
