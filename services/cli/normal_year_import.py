"""A file with somebody's normal year, or factors of months, to the stack's ingest service."""

import csv
import io
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.local.folder import StackError
from deploy.local.services import INGEST_API
from deploy.local.stack import Stack
from services.cli.readings_import import read_bytes
from services.cli.requests import Client

MONTHS = [str(month) for month in range(1, 13)]


def open_normal_year(path: Path, source: str) -> dict[str, Any]:
    """Read a CSV file to the document that the service takes. Raises StackError, which says what to do."""
    try:
        text = read_bytes(path).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise StackError(f"{path} is no CSV file in UTF-8") from error
    columns = set(rows[0]) if rows else set()
    if columns == {"month", "degree_days"}:
        by_month = {row["month"].strip().lstrip("0"): _number(path, row["degree_days"]) for row in rows}
        if len(rows) != len(MONTHS) or by_month.keys() != set(MONTHS):
            raise StackError(f"{path}: a normal year has each month from 1 to 12 once")
        return {"source": source, "degree_days": [by_month[month] for month in MONTHS]}
    if columns == {"month", "factor"}:
        factors = [{"month": row["month"].strip(), "factor": _number(path, row["factor"])} for row in rows]
        return {"source": source, "factors": factors}
    raise StackError(f"{path}: the columns are month and degree_days, or month and factor, parted by commas")


def import_normal_year(stack: Stack, station_id: str, document: dict[str, Any]) -> None:
    """Send a normal year to a station. Raises RequestError."""
    with Client(stack, INGEST_API) as ingest:
        ingest.ask("PUT", f"/v1/stations/{quote(station_id, safe='')}/normal-year", json=document)


def _number(path: Path, text: str | None) -> float:
    try:
        return float(text or "")
    except ValueError as error:
        raise StackError(f"{path}: '{(text or '')[:20]}' is no number; write it with a decimal point") from error
