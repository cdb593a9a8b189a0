"""Whole arrays into PostgreSQL and out of it: every kind of column, with and without gaps."""

from collections.abc import AsyncIterator

import numpy as np
import pytest

from deploy.local.stack import Stack
from services.common import bulk
from services.common.bulk import Column
from services.common.postgres import Database, Transaction

COUNT = 25_000
TABLE = """
    CREATE TEMP TABLE kinds (
        id int, flag bool, small int2, large int8, share float4, at timestamptz, day date, ref uuid)
"""
COPY = "COPY kinds (id, flag, small, large, share, at, day, ref) FROM STDIN (FORMAT binary)"
READ = "SELECT id, flag, small, large, share, at, day, ref FROM kinds ORDER BY id"


@pytest.fixture
async def tx(stack: Stack) -> AsyncIterator[Transaction]:
    database = Database(stack.admin_dsn, 1, 1)
    await database.open()
    async with database.transaction() as transaction:
        await transaction.execute(TABLE)
        yield transaction
    await database.close()


def columns() -> list[Column]:
    numbers = np.arange(COUNT)
    return [
        Column("int4", numbers),
        Column("bool", numbers % 2),
        Column("int2", numbers % 1000 - 500),
        Column("int8", numbers * 2**40 - 2**53),
        Column("float4", numbers / 4),
        Column("timestamptz", 1_700_000_000 + numbers * 3600),
        Column("date", 19_000 + numbers),
        Column("uuid", np.frombuffer(numbers.astype(">u8").repeat(2).tobytes(), "V16")),
    ]


async def test_what_was_copied_in_comes_out_alike(tx: Transaction) -> None:
    given = columns()
    assert await bulk.copy_in(tx, COPY, given) == COUNT
    found = await bulk.copy_out(tx, READ, [column.kind for column in given])
    for column, values in zip(given, found, strict=True):
        assert values.tolist() == column.values.tolist(), column.kind


async def test_a_value_not_known_becomes_null_and_stays_in_its_row(tx: Transaction) -> None:
    known = np.arange(COUNT) % 3 > 0
    await bulk.copy_in(tx, COPY, [column._replace(known=known) for column in columns()])
    row = await (await tx.execute("SELECT count(*), count(id), sum(id) FROM kinds")).fetchone()
    assert row == (COUNT, known.sum(), np.arange(COUNT)[known].sum())


async def test_an_update_changes_each_row_to_its_own_values(tx: Transaction) -> None:
    await bulk.copy_in(tx, COPY, columns())
    ids, known = np.arange(0, COUNT, 2), np.arange(0, COUNT, 2) % 4 > 0
    changes = [Column("int4", ids), Column("int8", -ids, known)]
    statement = "UPDATE kinds SET large = changed.large FROM changed WHERE kinds.id = changed.id"
    assert await bulk.update(tx, statement, "(id, large)", changes) == len(ids)
    row = await (await tx.execute("SELECT sum(id), count(*) FROM kinds WHERE large = -id AND id % 4 = 2")).fetchone()
    assert row == (ids[known].sum(), known.sum())
    row = await (await tx.execute("SELECT count(*) FROM kinds WHERE large IS NULL AND id % 4 = 0")).fetchone()
    assert row == ((~known).sum(),)


async def test_a_query_without_rows_gives_arrays_without_elements(tx: Transaction) -> None:
    found = await bulk.copy_out(tx, READ, [column.kind for column in columns()])
    assert [len(values) for values in found] == [0] * 8


async def test_a_null_among_what_is_read_is_refused(tx: Transaction) -> None:
    await tx.execute("INSERT INTO kinds (id) VALUES (1)")
    with pytest.raises(ValueError, match="NULL"):
        await bulk.copy_out(tx, "SELECT large FROM kinds", ["int8"])
