"""The months of readings and hours as PostgreSQL keeps them; on TimescaleDB the same questions are about its chunks."""

from datetime import timedelta

from services.common.postgres import Transaction

# On TimescaleDB there is no end.
_UNTIL = "SELECT extract(epoch FROM least(ingest.partitions_until(), now() + interval '10 years'))::bigint"

_TO_SORT = "SELECT ingest.partitions_to_sort(%s, %s)"
_BEGIN_SORTING = "SELECT ingest.begin_sorting(%s)"
_COPY_SORTED = "SELECT ingest.copy_sorted(%s)"
_END_SORTING = "SELECT ingest.end_sorting(%s, %s)"


async def until_s(tx: Transaction) -> int:
    """Give the instant up to which there are partitions for what comes, ten years from now at most."""
    [(until,)] = await (await tx.execute(_UNTIL)).fetchall()
    return int(until)


async def to_sort(tx: Transaction, ended: timedelta, quiet: timedelta) -> list[str]:
    """Name the months to sort: ended, and not written to, for as long as is asked for. The oldest comes first."""
    rows = await (await tx.execute(_TO_SORT, [ended, quiet])).fetchall()
    return [row[0] for row in rows]


async def begin_sorting(tx: Transaction, name: str) -> None:
    """See to it that what is written to a month is noted, once this is committed."""
    await tx.execute(_BEGIN_SORTING, [name])


async def copy_sorted(tx: Transaction, name: str) -> int:
    """Copy a month in the order of its key; returns its rows."""
    [(copied,)] = await (await tx.execute(_COPY_SORTED, [name])).fetchall()
    return int(copied)


async def end_sorting(tx: Transaction, name: str, copied: int) -> bool:
    """Put the copy in the month's place; False where the month was written to, and stays as it was."""
    [(is_sorted,)] = await (await tx.execute(_END_SORTING, [name, copied])).fetchall()
    return bool(is_sorted)
