"""A file of readings and its profile to the columns of METER_READINGS."""

from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.readings import METER_READINGS
from services.heat.arrays import UNKNOWN, Int64
from services.ingest.sources import decimals, time_columns
from services.ingest.sources.decimals import Style
from services.ingest.sources.lines import lines
from services.ingest.sources.profile import REGISTER_UNITS, Column, Kind, Profile, ValueColumn
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError
from services.ingest.sources.rows import Rows

NO_METER_NAMED = Fault("no_meter_named", "neither a serial nor a metering point is given")
SENTINEL = Fault("sentinel", "the meter's sign for 'no value' stands where the energy register should")
ENERGY_MISSING = Fault("field_missing", "the energy register is empty")
NEGATIVE = Fault("negative_register", "a register cannot be below zero")
NOT_TRUE_OR_FALSE = Fault("wrong_type", "write true or false, 1 or 0, or leave it empty")

_NEVER_NEGATIVE = ("energy_wh", "volume_l")


class Named(NamedTuple):
    """Whose readings a file holds, where its lines do not say: counts for every line."""

    metering_point: str | None = None
    serial: str | None = None


IN_THE_FILE = Named()
"""Each line says itself whose reading it is."""


class ReadingsFile(NamedTuple):
    """What a file of readings says.

    readings: (n,) METER_READINGS in the file's order. line: (n,) the line of each. emptied: how many sentinels were
    taken as "not given", by field.
    """

    readings: pa.Table
    line: Int64
    refusals: Refusals
    emptied: dict[str, int]


def readings_file(data: bytes, profile: Profile, named: Named = IN_THE_FILE) -> ReadingsFile:
    """Read a file of readings. Raises UnreadableFileError, which says what to do, where no line can be read."""
    if profile.kind is not Kind.READINGS:
        raise UnreadableFileError("the profile is for weather; choose one for readings")
    refusals = Refusals()
    rows = Rows(lines(data, profile, refusals), refusals)
    meters = _meters(rows, profile, named)
    _refuse_unnamed(rows, meters)
    for name, column in (("read_at", profile.time), ("recorded_at", profile.recorded_at)):
        if column is not None and rows.has(column.column):
            at_us, faults = time_columns.instants_us(rows.text(column.column), column, _series(rows, meters))
            rows.put(name, at_us, faults, column.column, time_columns.FAULTS)
    emptied: dict[str, int] = {}
    style = Style(profile.decimal, profile.thousands)
    for value in profile.values:
        if rows.has(value.column):
            emptied[value.field] = _put_value(rows, value, style)
    _put_withdrawn(rows, profile.withdrawn)
    emptied = {name: count for name, count in emptied.items() if count}
    return ReadingsFile(_table(rows, meters), rows.lines.number, refusals, emptied)


Meters = dict[str, Column | str | None]
"""Per naming field of a reading: the column that holds it, or the one name that counts for every line."""


def _meters(rows: Rows, profile: Profile, named: Named) -> Meters:
    meters: Meters = {"serial": named.serial, "metering_point": named.metering_point}
    if not any(named):
        in_file = {"serial": profile.serial, "metering_point": profile.metering_point}
        meters |= {name: one for name, one in in_file.items() if one is not None and rows.has(one.column)}
    if not any(meters.values()):
        raise UnreadableFileError("the file does not say whose readings these are; name a metering point or serial")
    return meters


def _refuse_unnamed(rows: Rows, meters: Meters) -> None:
    columns = [one.column for one in meters.values() if isinstance(one, Column)]
    if columns:
        nameless = np.all([pc.equal(rows.text(one), "").to_numpy(zero_copy_only=False) for one in columns], axis=0)
        rows.refuse(nameless.astype(np.int64), columns[0], (NO_METER_NAMED,))


def _series(rows: Rows, meters: Meters) -> Int64:
    """Number the meters that the lines are of."""
    series = np.zeros(len(rows), np.int64)
    for one in meters.values():
        if isinstance(one, Column):
            codes = rows.text(one.column).dictionary_encode().indices.to_numpy().astype(np.int64)
            _, series = np.unique(series * (len(rows) + 1) + codes, return_inverse=True)
    return series.astype(np.int64)


def _put_value(rows: Rows, value: ValueColumn, style: Style) -> int:
    """Read a column of numbers; gives how many sentinels were taken as "not given"."""
    text = rows.text(value.column)
    if value.field not in REGISTER_UNITS:
        sample, faults = decimals.real(text, style, value.factor)
        is_sentinel = np.isin(sample, decimals.reals(value.sentinels, style, value.factor))
        rows.put(value.field, np.where(is_sentinel, np.nan, sample), faults, value.column, decimals.FAULTS)
        return int(is_sentinel.sum())
    register, faults = decimals.whole(text, style, value.factor)
    is_sentinel = np.isin(register, decimals.wholes(value.sentinels, style, value.factor))
    is_energy = value.field == "energy_wh"
    faults = np.select(
        [faults != 0, is_sentinel & is_energy, (register == UNKNOWN) & is_energy, _below_zero(value.field, register)],
        [faults, *(len(decimals.FAULTS) + place for place in (1, 2, 3))],
        0,
    ).astype(np.int64)
    meaning = (*decimals.FAULTS, SENTINEL, ENERGY_MISSING, NEGATIVE)
    rows.put(value.field, np.where(is_sentinel, UNKNOWN, register), faults, value.column, meaning)
    return 0 if is_energy else int(is_sentinel.sum())


def _below_zero(field: str, register: Int64) -> Any:
    return (register < 0) & (register != UNKNOWN) & (field in _NEVER_NEGATIVE)


def _put_withdrawn(rows: Rows, column: Column | None) -> None:
    if column is None or not rows.has(column.column):
        rows.columns["withdrawn"] = np.zeros(len(rows), np.bool_)
        return
    text = pc.utf8_lower(rows.text(column.column))
    is_true, is_false = (
        np.isin(text.to_numpy(zero_copy_only=False), known) for known in (["true", "1"], ["false", "0", ""])
    )
    rows.put("withdrawn", is_true, (~is_true & ~is_false).astype(np.int64), column.column, (NOT_TRUE_OR_FALSE,))


def _table(rows: Rows, meters: Meters) -> pa.Table:
    arrays = []
    for field in METER_READINGS:
        if field.name in meters:
            arrays.append(_names(rows, meters[field.name]))
        elif field.name in rows.columns:
            values = rows.columns[field.name]
            is_unknown = np.isnan(values) if values.dtype.kind == "f" else values == UNKNOWN
            arrays.append(pa.array(values, mask=is_unknown).cast(field.type))
        else:
            arrays.append(pa.nulls(len(rows), field.type))
    return pa.table(arrays, schema=METER_READINGS)


def _names(rows: Rows, one: Column | str | None) -> Any:
    if one is None:
        return pa.nulls(len(rows), pa.string())
    if isinstance(one, str):
        return pa.repeat(one, len(rows)).cast(pa.string())
    text = rows.text(one.column)
    return pc.if_else(pc.equal(text, ""), pa.scalar(None, text.type), text).cast(pa.string())
