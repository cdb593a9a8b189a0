"""A file of outdoor temperatures to the stack's ingest service, until they are stored."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

import numpy as np
import psycopg

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS, INGEST_API
from deploy.local.stack import Stack
from services.cli.deliveries import PATIENCE_S
from services.cli.readings_import import profile_of, read_bytes
from services.cli.requests import Client, RequestError, told_of_database
from services.heat.arrays import Int64
from services.ingest.core.observed import NEVER_SAID
from services.ingest.core.places import Place
from services.ingest.sending.deliveries import POLL_S, Progress
from services.ingest.sending.report import ImportReport
from services.ingest.sources import smhi
from services.ingest.sources.plain import plain
from services.ingest.sources.profile import Profile
from services.ingest.sources.refusals import BadLine, UnreadableFileError
from services.ingest.sources.temperatures_file import TemperaturesFile, temperatures_file

VALUES_AT_ONCE = 10_000

# Stored are singles, so that only what is sent as one can be found again. What is stored and counts before what was
# sent is not waited for: it stays.
_STORED = """
    SELECT count(*) FILTER (WHERE (stored.approved, stored.recorded_at, stored.celsius)
                                  >= (sent.approved, %(recorded_at)s, sent.celsius)),
           count(*) FILTER (WHERE stored.celsius <> sent.celsius)
      FROM unnest(%(starts_s)s::bigint[], %(celsius)s::real[], %(approved)s::boolean[])
           AS sent(starts_s, celsius, approved)
      JOIN ingest.outdoor_temperature AS stored
        ON stored.station_id = %(station_id)s AND stored.starts_at = to_timestamp(sent.starts_s)
"""


class OpenedWeather(NamedTuple):
    """A file of temperatures that was read: its place, what it says, of its station, too, and when it was made."""

    path: Path
    found: TemperaturesFile
    station_name: str | None = None
    place: Place | None = None
    made_at: datetime | None = None

    def report(self) -> ImportReport:
        """Begin the report with what the file itself got wrong."""
        refusals = self.found.refusals
        report = ImportReport(self.path, len(self.found.starts_s) + len(refusals), notes=self.found.notes)
        report.refuse(refusals, refusals.counts)
        return report


class ImportedWeather(NamedTuple):
    """What became of a file's hours: how many stand as the file says, and how many stayed as something else."""

    report: ImportReport
    stored: int
    kept: int


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
    try:
        data = plain(read_bytes(path))
        if profile is None and not smhi.is_smhi(data):
            raise StackError(
                f"{path} is no file of SMHI's, the only ones known by sight; say what it looks like: --profile"
            )
        read = smhi.smhi_file(data)
    except UnreadableFileError as error:
        raise StackError(f"{path}: {error}") from error
    return OpenedWeather(path, read.found, read.station_name, read.place, read.made_at)


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
    recorded_at: datetime | None = None,
) -> ImportedWeather:
    """Send a file's temperatures and wait until they are stored; gives what became of every line.

    station: its id and, where it is new or its name changes, its name. A station that is not known is made, by what
    the file says of it. recorded_at: when the file was made; without it what the file says, and where it says nothing
    its values count behind any of which that is known. Raises RequestError.
    """
    station_id, name = station
    made_at = recorded_at or opened.made_at
    report, found = opened.report(), opened.found
    refused = 0
    with Client(stack, INGEST_API, patience_s=PATIENCE_S) as ingest:
        if name is not None:
            ingest.ask("PUT", f"/v1/stations/{quote(station_id, safe='')}", json={"name": name})
        for rows in _parts(found):
            answer = _post(ingest, _document(station_id, made_at, found, rows), opened)
            refused += answer["refused_values"]
            _add_refused(report, answer, found.line[rows])
            on_taken(len(rows))
    kept = _wait_until_stored(stack, _Sent(station_id, made_at, found, refused), wait_s, on_stored)
    return ImportedWeather(report, len(found.starts_s) - refused - kept, kept)


def _parts(found: TemperaturesFile) -> Iterator[Int64]:
    """Give the rows of each request: approved ones and others apart, in the file's order."""
    for rows in (np.flatnonzero(found.approved), np.flatnonzero(~found.approved)):
        for start in range(0, len(rows), VALUES_AT_ONCE):
            yield rows[start : start + VALUES_AT_ONCE]


def _document(station_id: str, made_at: datetime | None, found: TemperaturesFile, rows: Int64) -> dict[str, Any]:
    hours = zip(found.starts_s[rows].tolist(), found.celsius[rows].tolist(), strict=True)
    return {
        "station_id": station_id,
        "recorded_at": made_at.isoformat() if made_at else None,
        "approved": bool(found.approved[rows[0]]),
        "values": [{"starts_at": datetime.fromtimestamp(at_s, UTC).isoformat(), "celsius": c} for at_s, c in hours],
    }


def _post(ingest: Client, document: Mapping[str, Any], opened: OpenedWeather) -> Any:
    """Send hours, and give the answer; a station that is not known is put first. Raises RequestError."""
    try:
        return _answer(ingest, document)
    except RequestError as error:
        if error.code != "unknown_station":
            raise
    station_id = document["station_id"]
    place = opened.place._asdict() if opened.place else {}
    station = {"name": opened.station_name or station_id} | place
    ingest.ask("PUT", f"/v1/stations/{quote(station_id, safe='')}", json=station)
    return _answer(ingest, document)


def _answer(ingest: Client, document: Mapping[str, Any]) -> Any:
    # 422: not one of the hours could be taken; the answer says of each why.
    answer = ingest.ask("POST", "/v1/outdoor-temperatures", answers=(422,), json=document).json()
    if "refused_values" not in answer:
        raise RequestError(str(answer.get("detail", answer)), 422, str(answer.get("code", "")))
    return answer


def _add_refused(report: ImportReport, answer: Any, line: Int64) -> None:
    """Add what the door refused. line: that of each hour that was sent."""
    listed = [BadLine(int(line[one["item"]]), one["field"], one["code"], one["reason"]) for one in answer["refused"]]
    codes = Counter(one.code for one in listed)
    if missing := answer["refused_values"] - len(listed):
        codes["refused_at_the_door"] = missing
    report.refuse(listed, dict(codes))


class _Sent(NamedTuple):
    station_id: str
    made_at: datetime | None
    found: TemperaturesFile
    refused: int


def _wait_until_stored(stack: Stack, sent: _Sent, within_s: float, on_stored: Progress) -> int:
    """Wait until every hour that was taken is stored, or another counts before it; gives how many of those differ.

    Raises RequestError where nothing comes for `within_s`.
    """
    found = sent.found
    columns = {name: getattr(found, name).tolist() for name in ("starts_s", "celsius", "approved")}
    values = columns | {"station_id": sent.station_id, "recorded_at": sent.made_at or NEVER_SAID}
    waiting, deadline = len(found.starts_s) - sent.refused, time.monotonic() + within_s
    with told_of_database(), psycopg.connect(stack.dsn("ingest"), autocommit=True) as connection:
        while True:
            stored, kept = connection.execute(_STORED, values).fetchall()[0]
            missing = max(0, len(found.starts_s) - sent.refused - stored)
            if missing < waiting:
                on_stored(waiting - missing)
                waiting, deadline = missing, time.monotonic() + within_s
            if not waiting:
                return int(kept)
            if time.monotonic() > deadline:
                raise RequestError(
                    f"all is sent, but {missing:,} hours are not stored after {within_s:.0f} s without progress;"
                    " look at the worker with: kulvert status"
                )
            time.sleep(POLL_S)
