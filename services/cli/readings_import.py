"""A file of readings to the stack's ingest service, until each of its readings is judged."""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import psycopg
import pyarrow.compute as pc
from psycopg.rows import TupleRow

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS
from deploy.local.stack import Stack
from services.cli.deliveries import put_source
from services.cli.import_report import REFUSED_BESIDE
from services.cli.requests import Client, told_of_database
from services.ingest.core.verdict import Verdict
from services.ingest.folder.places import NO_EXPORTS
from services.ingest.sending.deliveries import POLL_S, Progress, deliver, judged
from services.ingest.sending.report import ImportReport
from services.ingest.sources.profile import Profile, ProfileError
from services.ingest.sources.readings_file import Named, ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named

SOURCE = "file-import"
RANK = 5
"""Below a head-end's, which is 10 unless it is put otherwise: of one instant the finer reading is most often its."""
LARGEST_FILE_BYTES = 400_000_000
"""A file takes four to six times its size in memory."""

NEW_POINT_WAIT_S = 10.0
MOST_ASKED_ABOUT = 100

_UNKNOWN = """
    SELECT number FROM unnest(%s::text[]) AS given(number)
     WHERE NOT EXISTS (SELECT FROM ingest.point WHERE point.number = given.number)
"""

MOST_TOLD_APART = 10
_OTHER_ZEROS = """
    SELECT given.serial, meter.serial
      FROM unnest(%s::text[]) AS given(serial)
      JOIN ingest.meter ON ltrim(meter.serial, '0') = ltrim(given.serial, '0')
     WHERE NOT EXISTS (SELECT FROM ingest.meter AS same WHERE same.serial = given.serial)
     ORDER BY given.serial, meter.serial
     LIMIT %s
"""


class UnusableFileError(StackError):
    """One file that cannot be used, which says nothing of others."""


class OpenedReadings(NamedTuple):
    """A file of readings that was read: its place, the digest of its bytes, and what it says."""

    path: Path
    sha256: str
    found: ReadingsFile

    def report(self) -> ImportReport:
        """Begin the report with what the file itself got wrong."""
        found = self.found
        report = ImportReport(self.path, found.lines, emptied=found.emptied, notes=found.notes)
        report.refuse(found.refusals, found.refusals.counts)
        return report


def profile_of(name: str) -> Profile:
    """Give a profile by its name, or from a .toml file. Raises StackError."""
    try:
        return profile_named(name)
    except ProfileError as error:
        raise StackError(str(error)) from error


def files_in(places: Sequence[Path]) -> list[Path]:
    """Give files as they are named, and the files of folders in the order of their names. Raises StackError."""
    files = [file for place in places for file in (_files_of(place) if place.is_dir() else [place])]
    if not files:
        raise StackError(f"there is no file in {', '.join(map(str, places))}")
    return files


def _files_of(folder: Path) -> list[Path]:
    files = (file for file in folder.iterdir() if file.is_file() and not file.name.startswith(NO_EXPORTS))
    return sorted(file for file in files if not file.name.endswith(REFUSED_BESIDE))


def read_bytes(path: Path) -> bytes:
    """Read a file whole. Raises UnusableFileError where it is too large or cannot be read."""
    try:
        if path.stat().st_size > LARGEST_FILE_BYTES:
            raise UnusableFileError(
                f"{path} is over {LARGEST_FILE_BYTES:,} bytes; import it in parts, each with the header"
            )
        return path.read_bytes()
    except OSError as error:
        raise UnusableFileError(f"{path} cannot be read: {error.strerror}") from error


def open_readings(path: Path, profile: Profile, named: Named) -> OpenedReadings:
    """Read a file of readings. Raises UnusableFileError, which says what to do."""
    data = read_bytes(path)
    try:
        found = readings_file(data, profile, named, path.name)
    except UnreadableFileError as error:
        raise UnusableFileError(f"{path}: {error}") from error
    return OpenedReadings(path, hashlib.sha256(data).hexdigest(), found)


def import_readings(
    stack: Stack, opened: OpenedReadings, wait_s: float, on_taken: Progress, on_judged: Progress
) -> ImportReport:
    """Send a file's readings and wait until they are judged; gives what became of every line.

    The same file under the same profile is the same deliveries, however often it is imported. Raises RequestError.
    """
    began_at = datetime.now(UTC)
    report, found = opened.report(), opened.found
    wait_for_new_points(stack, pc.unique(found.readings.column("metering_point")).drop_null().to_pylist())
    with put_source(stack, SOURCE, "bulk", RANK) as source:
        delivered = deliver(source, found.readings, f"{SOURCE}:{opened.sha256}", on_taken)
        for one in judged(source, delivered, wait_s, on_judged):
            report.add(one, found.readings, found.line, began_at)
    if report.refused_counts[Verdict.UNKNOWN_METER.label]:
        serials = pc.unique(found.readings.column("serial")).drop_null().to_pylist()
        report.notes = (*report.notes, *_other_zeros(stack, serials))
    return report


def _other_zeros(stack: Stack, serials: Sequence[str]) -> list[str]:
    """Say which meters that nobody knows are known but for the zeros in front, which a spreadsheet drops."""
    with told_of_database(), psycopg.connect(stack.dsn("ingest"), autocommit=True) as connection:
        alike = connection.execute(_OTHER_ZEROS, [list(serials), MOST_TOLD_APART]).fetchall()
    return [
        f"meter {given} is unknown, and {known} is known: a spreadsheet drops zeros in front; make its column a text"
        for given, known in alike
    ]


def wait_for_new_points(stack: Stack, numbers: Sequence[str]) -> None:
    """Wait a moment for metering points that were put just now and are still on their way to the ingest service.

    Their readings would only be held and judged a little later; a person who imports right after putting a point
    wants to see them judged. Points that nobody knows are not waited for.
    """
    deadline = time.monotonic() + NEW_POINT_WAIT_S
    with told_of_database(), psycopg.connect(stack.dsn("ingest"), autocommit=True) as connection:
        unknown = _unknown(connection, numbers)
        on_their_way = [number for number in unknown[:MOST_ASKED_ABOUT] if _is_put(stack, number)]
        while time.monotonic() < deadline and _unknown(connection, on_their_way):
            time.sleep(POLL_S)


def _unknown(connection: psycopg.Connection[TupleRow], numbers: Sequence[str]) -> list[str]:
    return [row[0] for row in connection.execute(_UNKNOWN, [list(numbers)]).fetchall()]


def _is_put(stack: Stack, number: str) -> bool:
    with Client(stack, CONTRACTS) as contracts:
        return contracts.ask("GET", f"/v1/metering-points/{quote(number, safe='')}", answers=(400, 404, 422)).is_success
