"""Who of the utility's staff is asking."""

from typing import NamedTuple

from psycopg.rows import class_row

from services.common.postgres import Transaction

_OPEN_SESSION = "SELECT set_config('kulvert.session_token', %s, true)"
_STAFF = "SELECT name, staff_role, assurance FROM permissions.staff()"


class Staff(NamedTuple):
    """A person of the utility, and how he logged in."""

    name: str
    staff_role: str
    assurance: str


async def of_session(tx: Transaction, session: str) -> Staff | None:
    """Give whose session it is; None where it is over, or a customer's."""
    await tx.execute(_OPEN_SESSION, [session])
    cursor = tx.cursor(row_factory=class_row(Staff))
    return await (await cursor.execute(_STAFF)).fetchone()
