"""Meters from a CSV file: good lines are stored, bad ones refused alone, each with its reason."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from pydantic import ValidationError

from services.common.faults import reason
from services.common.postgres import Database, Transaction
from services.common.table_imports import Report
from services.common.tables import BadRow, Kind, Row, columns_of, rows
from services.ingest import metering
from services.ingest.core.documents import Installation, Meter, MeterRow
from services.ingest.core.refusals import RefusedError
from services.ingest.editing import note_meter
from services.ingest.store import Change, meters

METERS = Kind("serial", MeterRow)
METERS_AT_ONCE = 100
"""Meters of one transaction, which keeps the worker from judging meanwhile; one each waited for it as often."""
OTHER_LINE = "another line of this meter is refused; mend that one and send the file again"


async def import_meters(database: Database, text: str) -> Report:
    """Store the meters of a file, one line for each place where a meter sat; the lines of a meter in any order.

    A meter of which one line is bad is refused with all its lines, since half of where it sat would be wrong.
    What the file has no column for stays as it is where the meter, or its place, is known; an empty field of a column
    that is there takes it back to its default. Sending the file again changes nothing. Raises BadTableError where its
    header does not fit.
    """
    report = Report()
    good: list[Row] = []
    for row in rows(text, METERS):
        report.lines += 1
        if isinstance(row, BadRow):
            report.refused.append(row)
        else:
            good.append(row)
    bad_serials = {bad.key for bad in report.refused}
    by_meter = _by_meter(good)
    for serial, lines in by_meter:
        if serial in bad_serials:
            report.refused += [BadRow(row.line, "", "other_line_refused", OTHER_LINE, serial) for row in lines]
    whole = [meter for meter in by_meter if meter[0] not in bad_serials]
    columns = columns_of(text)
    for first in range(0, len(whole), METERS_AT_ONCE):
        await _put_some(database, whole[first : first + METERS_AT_ONCE], columns, report)
    return report


def _by_meter(good: Sequence[Row]) -> list[tuple[str, list[Row]]]:
    """Give the lines of each meter, first of the one installed first, so that it is gone before the next one."""
    by_serial: dict[str, list[Row]] = defaultdict(list)
    for row in good:
        by_serial[row.key].append(row)
    return sorted(by_serial.items(), key=lambda meter: (min(map(_installed_at, meter[1])), meter[0]))


def _installed_at(row: Row) -> datetime:
    return row.document.installed_at if isinstance(row.document, MeterRow) else datetime.max.replace(tzinfo=UTC)


async def _put_some(
    database: Database, some: Sequence[tuple[str, list[Row]]], columns: Collection[str], report: Report
) -> None:
    async with database.transaction() as tx:
        # All of them before the first one stops the judging, and in one order, so that nobody waits in a circle.
        for serial in sorted(serial for serial, _ in some):
            await meters.lock(tx, serial)
        for serial, lines in some:
            await _put(tx, serial, lines, columns, report)


async def _put(tx: Transaction, serial: str, lines: Sequence[Row], columns: Collection[str], report: Report) -> None:
    documents = [row.document for row in lines if isinstance(row.document, MeterRow)]
    places = sorted((one.installation() for one in documents), key=lambda place: place.installed_at)
    known = await meters.meter(tx, serial)
    try:
        if len({one.meter(()) for one in documents}) > 1:
            raise ValueError("the lines of a meter name different moduli, resolutions, rules or smoothing")
        meter = _meter(documents[0], places, known.meter if known else None, columns)
        async with tx.transaction():
            change = await metering.put_meter(tx, serial, meter)
            if change is not Change.UNCHANGED:
                await note_meter(tx, serial, meter, _how(lines))
        report.changes[change] += 1
    except RefusedError as refused:
        report.refused += [BadRow(row.line, "", refused.refusal.value, refused.detail, serial) for row in lines]
    except ValidationError as error:
        report.refused += [BadRow(row.line, "", "invalid", reason(error.errors()[0]), serial) for row in lines]
    except ValueError as error:
        report.refused += [BadRow(row.line, "", "invalid", str(error), serial) for row in lines]


def _meter(row: MeterRow, places: Sequence[Installation], known: Meter | None, columns: Collection[str]) -> Meter:
    if known is None:
        return row.meter(tuple(places))
    sat = (place.beside(known.installations, columns) for place in places)
    return row.meter(tuple(sat)).beside(known, columns)


def _how(lines: Sequence[Row]) -> str:
    numbers = ", ".join(str(row.line) for row in lines)
    return f"POST /v1/import/meters, line {numbers}"
