"""PostgreSQL: a pool of connections and transactions over it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from psycopg import AsyncConnection
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Transaction = AsyncConnection[TupleRow]

CONNECT_TIMEOUT_S = 5
START_PATIENCE_S = 10
"""So long a process waits at its start for a PostgreSQL that is only starting itself."""
LOCK_TIMEOUT_MS = 30_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000


class Database:
    """A pool with a limit. Every statement runs in a transaction that the caller opens and sees."""

    def __init__(self, url: str, pool_min: int = 1, pool_max: int = 4) -> None:
        self._pool: AsyncConnectionPool[Transaction] = AsyncConnectionPool(
            url,
            min_size=pool_min,
            max_size=pool_max,
            timeout=CONNECT_TIMEOUT_S,
            kwargs={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": (
                    f"-c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
                    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS}"
                ),
            },
            check=AsyncConnectionPool.check_connection,
            open=False,
        )

    async def open(self) -> None:
        """Connect. Raises psycopg_pool.PoolTimeout where PostgreSQL does not answer in time."""
        await self._pool.open(wait=True, timeout=START_PATIENCE_S)

    async def close(self) -> None:
        """Give the connections back to PostgreSQL."""
        await self._pool.close()

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Transaction]:
        """Open a transaction: committed where the block ends, undone where it raises."""
        async with self._pool.connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Transaction]:
        """Keep one connection, for a lock that lives as long as it. The caller opens transactions on it."""
        async with self._pool.connection() as connection:
            yield connection
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_unlock_all()")

    async def is_reachable(self) -> bool:
        """Tell whether PostgreSQL answers; for a readiness check."""
        async with self.transaction() as tx:
            await tx.execute("SELECT 1")
        return True
