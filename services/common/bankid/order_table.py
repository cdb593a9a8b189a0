"""A service's own table of orders: what every order has in common, wherever it stands and whatever it is for."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from psycopg import sql
from psycopg.rows import class_row

from services.common.postgres import Transaction

_COLUMNS = "SELECT {order_id} AS order_id, state, reason, start_sealed, begun_at, started_at FROM {table}"
_OF_BEARER = f"{_COLUMNS} WHERE {{order_id}} = %s AND {{bearer}} = %s"
_LOCKED = f"{_COLUMNS} WHERE {{order_id}} = %s FOR UPDATE"
_STARTED = """
    UPDATE {table} SET state = 'pending', start_sealed = %s, started_at = %s
     WHERE {order_id} = %s AND state = 'starting'
"""
_TAKE_TURN = """
    UPDATE {table} SET asked_at = clock_timestamp()
     WHERE {order_id} = %s AND state = 'pending' AND coalesce(asked_at, '-infinity') <= clock_timestamp() - %s
"""
_HINT = "UPDATE {table} SET reason = %s WHERE {order_id} = %s AND state = 'pending'"
_END = """
    UPDATE {table}
       SET state = %s, reason = %s, completion_sealed = %s, start_sealed = NULL, ended_at = clock_timestamp()
     WHERE {order_id} = %s AND state IN ('starting', 'pending')
"""
_EXPIRE = """
    UPDATE {table}
       SET state = 'failed', reason = 'expiredTransaction', start_sealed = NULL, ended_at = clock_timestamp()
     WHERE state = 'pending' AND begun_at < clock_timestamp() - %s
"""
_GIVE_UP = """
    UPDATE {table} SET state = 'failed', reason = %s, ended_at = clock_timestamp()
     WHERE state = 'starting' AND begun_at < clock_timestamp() - %s
"""
_UNATTENDED = f"""
    {_COLUMNS}
     WHERE state = 'pending' AND coalesce(asked_at, started_at) < clock_timestamp() - %s
       AND begun_at < clock_timestamp() - %s
     ORDER BY begun_at
"""


class State(StrEnum):
    """How an order stands; a service adds its own word for one that was approved. Stored, shown and never renamed."""

    STARTING = "starting"
    PENDING = "pending"
    FAILED = "failed"
    CANCELLED = "cancelled"
    REFUSED = "refused"


class Order(NamedTuple):
    """An order. reason: BankID's hint, or why what was approved was not taken."""

    order_id: UUID
    state: str
    reason: str
    start_sealed: bytes | None
    begun_at: datetime
    started_at: datetime | None


class OrderTable:
    """One service's orders. table: with its schema; order_id, bearer: its names for these columns."""

    def __init__(self, table: tuple[str, str], order_id: str, bearer: str) -> None:
        names = {
            "table": sql.Identifier(*table),
            "order_id": sql.Identifier(order_id),
            "bearer": sql.Identifier(bearer),
        }
        self._of_bearer = sql.SQL(_OF_BEARER).format(**names)
        self._locked = sql.SQL(_LOCKED).format(**names)
        self._started = sql.SQL(_STARTED).format(**names)
        self._take_turn = sql.SQL(_TAKE_TURN).format(**names)
        self._hint = sql.SQL(_HINT).format(**names)
        self._end = sql.SQL(_END).format(**names)
        self._expire = sql.SQL(_EXPIRE).format(**names)
        self._give_up = sql.SQL(_GIVE_UP).format(**names)
        self._unattended = sql.SQL(_UNATTENDED).format(**names)

    async def of_bearer(self, tx: Transaction, order_id: UUID, bearer: bytes) -> Order | None:
        """Give an order to whoever began it, and to nobody else."""
        async with tx.cursor(row_factory=class_row(Order)) as cursor:
            return await (await cursor.execute(self._of_bearer, [order_id, bearer])).fetchone()

    async def locked(self, tx: Transaction, order_id: UUID) -> Order:
        """Lock an order. Raises LookupError where there is none."""
        async with tx.cursor(row_factory=class_row(Order)) as cursor:
            found = await (await cursor.execute(self._locked, [order_id])).fetchone()
        if found is None:
            raise LookupError(f"order {order_id} is gone")
        return found

    async def started(self, tx: Transaction, order_id: UUID, sealed: bytes, at: datetime) -> bool:
        """Note that BankID has begun an order; False where it has ended here meanwhile."""
        return (await tx.execute(self._started, [sealed, at, order_id])).rowcount > 0

    async def take_turn(self, tx: Transaction, order_id: UUID, every: timedelta) -> bool:
        """Take the turn to ask BankID for an order; of several at once one gets it, and then none for a while."""
        return (await tx.execute(self._take_turn, [order_id, every])).rowcount > 0

    async def hint(self, tx: Transaction, order_id: UUID, code: str) -> None:
        """Note on what step of its way an order is."""
        await tx.execute(self._hint, [code, order_id])

    async def end(
        self, tx: Transaction, order_id: UUID, state: str, reason: str, completion: bytes | None = None
    ) -> bool:
        """End an order; False where it has ended already, and stays so."""
        return (await tx.execute(self._end, [state, reason, completion, order_id])).rowcount > 0

    async def expire(self, tx: Transaction, after: timedelta) -> int:
        """End the orders that BankID has let go; gives how many they were."""
        return (await tx.execute(self._expire, [after])).rowcount

    async def give_up(self, tx: Transaction, after: timedelta, reason: str) -> int:
        """End the orders that BankID was asked for in vain; gives how many they were."""
        return (await tx.execute(self._give_up, [reason, after])).rowcount

    async def unattended(self, tx: Transaction, quiet: timedelta, begun_before: timedelta) -> list[Order]:
        """Give the orders, oldest first, that wait for a person and that nobody has asked for of late."""
        async with tx.cursor(row_factory=class_row(Order)) as cursor:
            return await (await cursor.execute(self._unattended, [quiet, begun_before])).fetchall()
