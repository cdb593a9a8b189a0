"""Following a year's chain of invoices: whether all that were issued are there, as they were issued."""

from dataclasses import dataclass

from services.billing.core.chain import Break, Series, break_at_end, follow
from services.billing.store import chain as store
from services.common.postgres import Database

LINKS_AT_ONCE = 1_000
BEFORE_ALL = 0


@dataclass(frozen=True, slots=True)
class Followed:
    """How far a year's chain holds, where its number series stands, and what breaks the chain if anything.

    lost: the numbers of invoices that the database does not have since it was put back from a backup.
    """

    holds_to: Series
    issued: Series
    broken: Break | None
    lost: frozenset[int]


async def follow_chain(database: Database, year: int) -> Followed:
    """Follow a year's chain from its beginning to its end; each stretch with the series of the same moment."""
    at, after = Series(), BEFORE_ALL
    while True:
        async with database.transaction() as tx:
            await store.as_of_one_moment(tx)
            issued = await store.series(tx, year)
            lost = await store.lost(tx, year)
            links = await store.stretch(tx, year, after, LINKS_AT_ONCE)
        at, broken = follow(links, at, lost)
        if broken is not None:
            return Followed(at, issued, broken, lost)
        if len(links) < LINKS_AT_ONCE:
            return Followed(at, issued, break_at_end(at, issued), lost)
        after = at.next_number - 1
