"""A file of facilities, metering points, customers, contracts or meters to the service that owns them."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from deploy.local.folder import StackError
from deploy.local.services import CONTRACTS, INGEST_API, Service
from deploy.local.stack import Stack
from services.cli.import_report import Counted
from services.cli.object_parts import Part, parts_of
from services.cli.readings_import import read_bytes, wait_for_new_points
from services.cli.requests import Client, RequestError
from services.common.tables import BadTableError, Kind, Row, rows
from services.contracts.imports import KINDS
from services.ingest.core.documents import MeterRow
from services.ingest.imports import METERS
from services.ingest.modules import DEVICES
from services.ingest.sending.report import ImportReport
from services.ingest.sources.refusals import BadLine

COUNTS = ("lines", "created", "changed", "unchanged", "refused_lines")
TIMEOUT_S = 3600.0
"""A part of the largest size takes minutes to be compared with what is stored."""


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
    Objects("devices", INGEST_API, DEVICES),
)


class Imported(NamedTuple):
    """What became of a file: counts for a person to read, and the refused lines."""

    counted: list[Counted]
    report: ImportReport
    refused_lines: int


def import_objects(stack: Stack, kind: Objects, path: Path) -> Imported:
    """Send a file of objects, a large one in parts. Raises StackError where it cannot be read, or no line of it can."""
    body = read_bytes(path)
    if kind.table is METERS:
        wait_for_new_points(stack, sorted(set(_points_named(body))))
    counts: Counter[str] = Counter()
    report = ImportReport(path, 0)
    with Client(stack, kind.owner, timeout_s=TIMEOUT_S) as owner:
        try:
            for part in parts_of(body, kind.table.key, by_object=kind.table is METERS):
                told = _sent(owner, kind, part, path, counts["lines"])
                counts.update({name: told[name] for name in COUNTS})
                report.refuse(_refused(part, told["refused"]), {})
        except BadTableError as error:
            raise StackError(f"{path}: {error}") from error
    report.lines = counts["lines"]
    objects = kind.name.replace("-", " ")
    counted = [
        Counted(counts["lines"], "lines"),
        *(Counted(counts[change], f"{objects} {change}") for change in ("created", "changed", "unchanged")),
        Counted(counts["refused_lines"], "lines refused"),
    ]
    return Imported(counted, report, counts["refused_lines"])


def _sent(owner: Client, kind: Objects, part: Part, path: Path, sent_before: int) -> dict[str, Any]:
    """Send a part and give its service's answer. Raises RequestError."""
    try:
        answer = owner.ask("POST", f"/v1/import/{kind.name}", content=part.body, headers={"Content-Type": "text/csv"})
    except RequestError as error:
        words = f"{path}: {error}" if error.status else str(error)
        if sent_before:
            words += f"; {sent_before:,} lines of the file are imported, and may be imported again with the rest"
        raise RequestError(words, error.status, error.code) from error
    told: dict[str, Any] = answer.json()
    return told


def _refused(part: Part, refused: Iterable[dict[str, Any]]) -> Iterator[BadLine]:
    for bad in refused:
        yield BadLine(part.line_in_file(bad["line"]), bad["field"], bad["code"], bad["reason"])


def _points_named(body: bytes) -> Iterator[str]:
    """Give the metering points that a file of meters names; what is wrong with the file, its service says."""
    try:
        for row in rows(body.decode("utf-8-sig", errors="replace"), METERS):
            if isinstance(row, Row) and isinstance(row.document, MeterRow):
                yield row.document.metering_point
    except BadTableError:
        return
