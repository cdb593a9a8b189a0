"""Whole arrays into tables and out of them, in PostgreSQL's binary COPY format: no object is made per value."""

import struct
from collections.abc import Mapping, Sequence
from typing import Any, Literal, LiteralString, NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg.sql import SQL

from services.common.postgres import Transaction

Array = npt.NDArray[Any]
Kind = Literal["bool", "int2", "int4", "int8", "float4", "timestamptz", "timestamptz_us", "date", "uuid"]

_ON_THE_WIRE: dict[Kind, str] = {
    "bool": "u1",
    "int2": ">i2",
    "int4": ">i4",
    "int8": ">i8",
    "float4": ">f4",
    "timestamptz": ">i8",
    "timestamptz_us": ">i8",
    "date": ">i4",
    "uuid": "V16",
}
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_POSTGRES_EPOCH_S = 946_684_800
_POSTGRES_EPOCH_DAY = 10_957
_ROWS_PER_CHUNK = 20_000


class Column(NamedTuple):
    """One column to write: (n,) values, and where they are known (None: everywhere).

    timestamptz takes and gives seconds since 1970, timestamptz_us microseconds, date days, uuid 16 bytes.
    """

    kind: Kind
    values: Array
    known: npt.NDArray[np.bool_] | None = None


async def copy_in(tx: Transaction, statement: LiteralString, columns: Sequence[Column]) -> int:
    """Write (n,) columns with one `COPY ... FROM STDIN (FORMAT binary)`; returns n. Raises psycopg.Error."""
    count = len(columns[0].values)
    if count == 0:
        return 0
    async with tx.cursor().copy(statement) as copy:
        await copy.write(_HEADER)
        for chunk in _encoded(columns):
            await copy.write(chunk)
        await copy.write(_TRAILER)
    return count


async def copy_out(
    tx: Transaction, query: LiteralString, kinds: Sequence[Kind], parameters: Sequence[Any] | Mapping[str, Any] = ()
) -> list[Array]:
    """Read a query's rows as one array per column. Every column must be of its kind and without NULL."""
    received = bytearray()
    statement = SQL("COPY ({}) TO STDOUT (FORMAT binary)").format(SQL(query))
    async with tx.cursor().copy(statement, parameters or None) as copy:
        async for block in copy:
            received += block
    names = [f"value{index}" for index in range(len(kinds))]
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for name, kind in zip(names, kinds, strict=True):
        fields += [(f"{name}_length", ">i4"), (name, _ON_THE_WIRE[kind])]
    layout = np.dtype(fields)
    count, rest = divmod(len(received) - len(_HEADER) - len(_TRAILER), layout.itemsize)
    if rest:
        raise ValueError("a row is not as wide as its columns: one is NULL, or of another type than named")
    rows = np.frombuffer(received, layout, count, len(_HEADER))
    return [_decoded(kind, rows[name]) for name, kind in zip(names, kinds, strict=True)]


def _encoded(columns: Sequence[Column]) -> list[bytes]:
    """Lay rows out as COPY wants them; rows with the same columns missing are laid out together."""
    missing = np.zeros(len(columns[0].values), np.int64)
    for index, column in enumerate(columns):
        if column.known is not None:
            missing |= (~column.known).astype(np.int64) << index
    values = [_on_the_wire(column) for column in columns]
    if not missing.any():
        return _chunks(columns, values, 0, slice(None))
    return [
        chunk
        for pattern in np.unique(missing)
        for chunk in _chunks(columns, values, int(pattern), np.flatnonzero(missing == pattern))
    ]


def _chunks(columns: Sequence[Column], values: list[Array], pattern: int, which: Any) -> list[bytes]:
    fields: list[tuple[str, str]] = [("count", ">i2")]
    for index, column in enumerate(columns):
        fields.append((f"length{index}", ">i4"))
        if not pattern >> index & 1:
            fields.append((f"value{index}", _ON_THE_WIRE[column.kind]))
    picked = [array[which] for array in values]
    rows = np.empty(len(picked[0]), np.dtype(fields))
    rows["count"] = len(columns)
    for index, array in enumerate(picked):
        is_missing = pattern >> index & 1
        rows[f"length{index}"] = -1 if is_missing else np.dtype(_ON_THE_WIRE[columns[index].kind]).itemsize
        if not is_missing:
            rows[f"value{index}"] = array
    return [rows[start : start + _ROWS_PER_CHUNK].tobytes() for start in range(0, len(rows), _ROWS_PER_CHUNK)]


def _on_the_wire(column: Column) -> Array:
    if column.kind == "timestamptz":
        return (column.values - _POSTGRES_EPOCH_S) * 1_000_000
    if column.kind == "timestamptz_us":
        return column.values - _POSTGRES_EPOCH_S * 1_000_000
    if column.kind == "date":
        return column.values - _POSTGRES_EPOCH_DAY
    return column.values


def _decoded(kind: Kind, values: Array) -> Array:
    if kind == "timestamptz":
        return values.astype(np.int64) // 1_000_000 + _POSTGRES_EPOCH_S
    if kind == "timestamptz_us":
        return values.astype(np.int64) + _POSTGRES_EPOCH_S * 1_000_000
    if kind == "date":
        return values.astype(np.int64) + _POSTGRES_EPOCH_DAY
    if kind == "uuid":
        return values.copy()
    return values.astype(np.float64 if kind == "float4" else np.int64)
