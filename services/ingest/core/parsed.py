"""What every way in ends in: readings as columns, and the items that could not become one."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.core.form import FAULTS, FormColumns, form_refusals, is_within_calendar
from services.ingest.core.said import TEXT_KEPT, said
from services.ingest.core.verdict import Verdict

MOST_ITEMS = 50_000
"""How many readings one delivery may hold: each that is refused becomes a row of its own."""
LONGEST_NAME = 40
NAME_WANTED = f"a serial or number has 1 to {LONGEST_NAME} characters, all of which can be seen"


class RefusedItem(NamedTuple):
    """An item of a delivery that is no reading: which one (from 0), what is wrong with it, and what it said."""

    item: int
    field: str
    verdict: Verdict
    reason: str
    text: str
    """At most TEXT_KEPT of it, for an operator; the delivery's bytes are kept whole."""
    serial: str | None = None
    metering_point: str | None = None
    read_at: datetime | None = None
    """Where the item gives one that can be."""


class Parsed(NamedTuple):
    """A delivery as it was understood."""

    items: int
    readings: pa.RecordBatch
    """METER_READINGS, one row for each item that is a reading."""
    item: Int64
    """(n,) which item each row came from."""
    refused: list[RefusedItem]


class BadDeliveryError(Exception):
    """A delivery of which nothing can be read; `code` names why and the text says what to do."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


def require_few(items: int) -> None:
    """Raise BadDeliveryError where a delivery holds more items than one may."""
    if items > MOST_ITEMS:
        raise BadDeliveryError("too_many_items", f"a delivery holds at most {MOST_ITEMS} readings; send it in parts")


def is_plain_name(name: str) -> bool:
    """Tell whether a serial or a metering point's number is one that people can read and type."""
    return 0 < len(name) <= LONGEST_NAME and name.isprintable()


def plain_name(value: object) -> str | None:
    """Give a name back where it is one, and None otherwise."""
    return value if isinstance(value, str) and is_plain_name(value) else None


def well_formed(parsed: Parsed, latest_s: int, serials: frozenset[str] | None) -> Parsed:
    """Move the rows whose form is wrong, or of whose meter the source may not speak, to the refused items.

    latest_s: the latest instant that a reading may be of. serials: the only meters allowed, None for any.
    """
    rows = parsed.readings
    refusal = form_refusals(_form_columns(rows), latest_s)
    refusal = np.where(refusal != 0, refusal, _name_refusals(rows, serials))
    wrong = np.flatnonzero(refusal)
    if len(wrong) == 0:
        return parsed
    refused = [
        _refused(int(parsed.item[row]), Verdict(int(refusal[row])), reading)
        for row, reading in zip(wrong, said(rows.take(pa.array(wrong))), strict=True)
    ]
    right = refusal == 0
    return Parsed(
        parsed.items,
        rows.filter(pa.array(right)),
        parsed.item[right],
        sorted([*parsed.refused, *refused], key=lambda one: one.item),
    )


def _form_columns(rows: pa.RecordBatch) -> FormColumns:
    def integers(name: str) -> Int64:
        column = rows.column(name)
        return (column.cast(pa.int64()) if pa.types.is_timestamp(column.type) else column).fill_null(UNKNOWN).to_numpy()

    def seconds(name: str) -> Int64:
        at_us = integers(name)
        return np.where(at_us == UNKNOWN, UNKNOWN, at_us // 1_000_000)

    # A withdrawal takes back whatever the register said.
    withdrawn = rows.column("withdrawn").fill_null(False).to_numpy(zero_copy_only=False)
    energy_wh = integers("energy_wh")
    others = [integers(name) for name in ("volume_l", "forward_lc", "return_lc")]
    return FormColumns(
        seconds("read_at"),
        seconds("recorded_at"),
        (np.where(withdrawn & (energy_wh == UNKNOWN), 0, energy_wh), *others),
        tuple(
            rows.column(name).to_numpy(zero_copy_only=False).astype(np.float64)
            for name in ("flow_l_per_h", "power_w", "supply_c", "return_c")
        ),
    )


def _name_refusals(rows: pa.RecordBatch, serials: frozenset[str] | None) -> Int64:
    serial, number = rows.column("serial"), rows.column("metering_point")
    unnamed = pc.and_(serial.is_null(), number.is_null()).to_numpy(zero_copy_only=False)
    bad_name = np.zeros(rows.num_rows, bool)
    for column in (serial, number):
        bad = [name for name in column.unique().to_pylist() if name is not None and not is_plain_name(name)]
        bad_name |= pc.is_in(column, value_set=pa.array(bad, pa.string())).to_numpy(zero_copy_only=False)
    foreign = np.zeros(rows.num_rows, bool)
    if serials is not None:
        allowed = pa.array(sorted(serials), pa.string())
        foreign = ~pc.is_in(serial, value_set=allowed).to_numpy(zero_copy_only=False)
    return np.select(
        [unnamed, bad_name, foreign],
        [int(Verdict.NO_METER_NAMED), int(Verdict.INVALID), int(Verdict.NOT_ALLOWED_FOR_SOURCE)],
        0,
    ).astype(np.int64)


_NAME_FAULTS = {
    Verdict.NO_METER_NAMED: ("serial", "name the meter by its serial, or its metering_point by number, or both"),
    Verdict.INVALID: ("serial", NAME_WANTED),
    Verdict.NOT_ALLOWED_FOR_SOURCE: ("serial", "this key may not speak of that meter; name one that it may"),
}


def _refused(item: int, verdict: Verdict, reading: Mapping[str, Any]) -> RefusedItem:
    field, reason = FAULTS.get(verdict) or _NAME_FAULTS[verdict]
    names = plain_name(reading.get("serial")), plain_name(reading.get("metering_point"))
    return RefusedItem(item, field, verdict, reason, json.dumps(reading)[:TEXT_KEPT], *names, _read_at(reading))


def _read_at(reading: Mapping[str, Any]) -> datetime | None:
    written = reading.get("read_at")
    moment = datetime.fromisoformat(written) if isinstance(written, str) else None
    return moment if moment and is_within_calendar(moment) else None
