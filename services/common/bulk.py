"""Whole arrays into tables and out of them, in PostgreSQL's binary COPY format: no object is made per value."""

import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal, LiteralString, NamedTuple

import numpy as np
import numpy.typing as npt
from psycopg import adapters
from psycopg.adapt import Dumper
from psycopg.pq import Format
from psycopg.sql import SQL, Identifier
from psycopg.types import TypeInfo

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
_TYPE_NAMES: dict[Kind, str] = {"timestamptz_us": "timestamptz"}
"""Where PostgreSQL's name of a kind is another."""
_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack(">ii", 0, 0)
_TRAILER = struct.pack(">h", -1)
_POSTGRES_EPOCH_S = 946_684_800
_POSTGRES_EPOCH_DAY = 10_957
_ROWS_PER_CHUNK = 20_000
_ARRAY_HEADER = struct.Struct(">iiIii")
"""Dimensions, whether there are NULLs, the elements' type, how many there are, and the first one's number."""


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
    """Read a query's rows as one array per column. Every column must be of its kind and without NULL.

    PostgreSQL lays each column out as one array: by COPY, each row would come as a message of its own.
    """
    names = [f"value{index}" for index in range(len(kinds))]
    statement = SQL("SELECT {} FROM ({}) AS found({})").format(
        SQL(", ").join(SQL("array_agg({})").format(Identifier(name)) for name in names),
        SQL(query),
        SQL(", ").join(map(Identifier, names)),
    )
    cursor = tx.cursor(binary=True)
    await cursor.execute(statement, parameters or None)
    result = cursor.pgresult
    if result is None:
        raise ValueError("the query gives no rows to read")
    return [_decoded(kind, _elements(kind, result.get_value(0, index))) for index, kind in enumerate(kinds)]


async def update(
    tx: Transaction,
    statement: LiteralString,
    names: LiteralString,
    columns: Sequence[Column],
    parameters: Sequence[Any] = (),
) -> int:
    """Run a statement that finds (n,) columns as the rows of `changed`; returns how many rows it changed.

    names: of the columns, in brackets. The planner knows how many rows there are; of a staging table it would not.
    A statement may begin with WITH, and have parameters of its own.
    """
    rest = statement.strip()
    before = SQL(", {}").format(SQL(rest.removeprefix("WITH "))) if rest.startswith("WITH ") else SQL(rest)
    values = SQL(", ").join(SQL("unnest(%s::{}[])").format(Identifier(_type(column.kind).name)) for column in columns)
    whole = SQL("WITH changed {} AS (SELECT {}) {}").format(SQL(names), values, before)
    arrays = [_BinaryArray(_array(column)) for column in columns]
    return (await tx.execute(whole, [*arrays, *parameters])).rowcount


class _BinaryArray(NamedTuple):
    """A whole array as PostgreSQL sends and takes it; of which type, the statement says."""

    octets: bytes


class _BinaryArrayDumper(Dumper):
    format = Format.BINARY

    def dump(self, obj: _BinaryArray) -> bytes:
        return obj.octets


adapters.register_dumper(_BinaryArray, _BinaryArrayDumper)


def _type(kind: Kind) -> TypeInfo:
    return adapters.types[_TYPE_NAMES.get(kind, kind)]


def _item_layout(kind: Kind) -> np.dtype[Any]:
    return np.dtype([("length", ">i4"), ("value", _ON_THE_WIRE[kind])])


def _array(column: Column) -> bytes:
    layout = _item_layout(column.kind)
    items = np.empty(len(column.values), layout)
    items["length"] = layout["value"].itemsize
    items["value"] = _on_the_wire(column)
    octets = items.view(np.uint8).reshape(len(items), layout.itemsize)
    if column.known is not None:
        items["length"][~column.known] = -1
        is_sent = np.ones(octets.shape, bool)
        is_sent[~column.known, layout["length"].itemsize :] = False
        octets = octets[is_sent]
    element_oid = _type(column.kind).oid
    return _ARRAY_HEADER.pack(1, column.known is not None, element_oid, len(items), 1) + octets.tobytes()


def _elements(kind: Kind, octets: bytes | None) -> Array:
    if octets is None:
        return np.zeros(0, _ON_THE_WIRE[kind])
    layout = _item_layout(kind)
    count, rest = divmod(len(octets) - _ARRAY_HEADER.size, layout.itemsize)
    items = np.frombuffer(octets, layout, count, _ARRAY_HEADER.size)
    if rest or (items["length"] != layout["value"].itemsize).any():
        raise ValueError(f"a value is NULL, or of another type than {kind}")
    return items["value"]


def _encoded(columns: Sequence[Column]) -> Iterator[bytes]:
    """Lay rows out as COPY wants them; rows with the same columns missing are laid out together."""
    missing = np.zeros(len(columns[0].values), np.int64)
    for index, column in enumerate(columns):
        if column.known is not None:
            missing |= (~column.known).astype(np.int64) << index
    values = [_on_the_wire(column) for column in columns]
    for pattern in np.unique(missing):
        rows = np.flatnonzero(missing == pattern)
        for start in range(0, len(rows), _ROWS_PER_CHUNK):
            yield _chunk(columns, values, int(pattern), rows[start : start + _ROWS_PER_CHUNK])


def _chunk(columns: Sequence[Column], values: list[Array], pattern: int, which: npt.NDArray[np.int64]) -> bytes:
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
    return rows.tobytes()


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
