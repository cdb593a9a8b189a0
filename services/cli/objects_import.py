"""A file of facilities, metering points, customers, contracts or meters to the service that owns them."""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from deploy.local.services import CONTRACTS, INGEST_API, Service
from deploy.local.stack import Stack
from services.cli.import_report import Counted, ImportReport
from services.cli.readings_import import read_bytes, wait_for_new_points
from services.cli.requests import Client, RequestError
from services.common.tables import BadTableError, Kind, Row, rows
from services.contracts.imports import KINDS
from services.ingest.core.documents import MeterRow
from services.ingest.imports import METERS
from services.ingest.sources.refusals import BadLine

TIMEOUT_S = 3600.0
"""A file of the largest size takes minutes to be compared with what is stored."""


class Objects(NamedTuple):
    """A kind of object that is imported: its name in commands and addresses, whose it is, and its columns."""

    name: str
    owner: Service
    table: Kind

    @property
    def help(self) -> str:
        """Say what the command does, and what its file looks like."""
        optional = self.table.columns - self.table.required
        return (
            f"Put the {self.name.replace('-', ' ')} of FILE, a CSV file in UTF-8 with a header.\n\n"
            f"It needs the columns {', '.join(self.table.ordered(self.table.required))}, and may have"
            f" {', '.join(self.table.ordered(optional))}. Ends with 1 where a line is refused."
        )


EVERY_KIND = (
    *(Objects(name, CONTRACTS, table) for name, table in KINDS.items()),
    Objects("meters", INGEST_API, METERS),
)


class Imported(NamedTuple):
    """What became of a file: counts for a person to read, and the refused lines."""

    counted: list[Counted]
    report: ImportReport
    refused_lines: int


def import_objects(stack: Stack, kind: Objects, path: Path) -> Imported:
    """Send a file of objects whole. Raises StackError where it cannot be read, or no line of it can."""
    body = read_bytes(path)
    if kind.table is METERS:
        wait_for_new_points(stack, sorted(set(_points_named(body))))
    with Client(stack, kind.owner, timeout_s=TIMEOUT_S) as owner:
        try:
            answer = owner.ask("POST", f"/v1/import/{kind.name}", content=body, headers={"Content-Type": "text/csv"})
        except RequestError as error:
            raise RequestError(f"{path}: {error}" if error.status else str(error), error.status, error.code) from error
    told = answer.json()
    objects = kind.name.replace("-", " ")
    counted = [
        Counted(told["lines"], "lines"),
        *(Counted(told[change], f"{objects} {change}") for change in ("created", "changed", "unchanged")),
        Counted(told["refused_lines"], "lines refused"),
    ]
    report = ImportReport(path, told["lines"])
    report.refuse((BadLine(bad["line"], bad["field"], bad["code"], bad["reason"]) for bad in told["refused"]), {})
    return Imported(counted, report, told["refused_lines"])


def _points_named(body: bytes) -> Iterator[str]:
    """Give the metering points that a file of meters names; what is wrong with the file, its service says."""
    try:
        for row in rows(body.decode("utf-8-sig", errors="replace"), METERS):
            if isinstance(row, Row) and isinstance(row.document, MeterRow):
                yield row.document.metering_point
    except BadTableError:
        return
