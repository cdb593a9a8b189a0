"""PostgreSQL: a pool of connections and transactions over it."""

from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from contextvars import ContextVar
from typing import TypeVar

from psycopg import AsyncConnection, OperationalError
from psycopg.abc import PQGen
from psycopg.errors import _WaitTimeout
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Transaction = AsyncConnection[TupleRow]
Answer = TypeVar("Answer")

CONNECT_TIMEOUT_S = 5
UNATTENDED_WAIT_S = 30
"""So long whoever has no caller waiting waits for a connection: an API goes on telling its callers of the outage."""
START_PATIENCE_S = 10
"""So long a process waits at its start for a PostgreSQL that is only starting itself."""
RECONNECT_TIMEOUT_S = 10
"""The pool's pauses between attempts grow up to this, and it may take as long to notice that PostgreSQL is back."""
LOCK_TIMEOUT_MS = 30_000
IDLE_IN_TRANSACTION_TIMEOUT_MS = 60_000
GONE_CLIENT_CHECK_MS = 5_000
"""So long PostgreSQL works on for an asker who has gone."""
READY_WITHIN_S = 5.0
DEAD_NETWORK = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 30_000}
"""A connection whose packets nobody acknowledges ends after half a minute, even for those who wait without limit."""

_answer_within_s: ContextVar[float | None] = ContextVar("answer_within_s", default=None)


class NoAnswerError(OperationalError):
    """PostgreSQL stands still. Whether it has done, or will do, what it was asked is not known."""


@contextmanager
def answers_within(seconds: float) -> Iterator[None]:
    """Give up each single question to PostgreSQL that it does not answer in time, with NoAnswerError.

    Without it a question waits for as long as PostgreSQL stands still, which suits whoever has no caller waiting.
    """
    token = _answer_within_s.set(seconds)
    try:
        yield
    finally:
        _answer_within_s.reset(token)


class _Connection(AsyncConnection[TupleRow]):
    """A connection that is dropped where an answer stays away; one that stands still cannot be asked to cancel."""

    async def wait(self, gen: PQGen[Answer], interval: float = 0.1, timeout: float | None = None) -> Answer:  # noqa: ASYNC109 - psycopg's own signature
        limit_s = _answer_within_s.get()
        if timeout is not None or limit_s is None:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, limit_s)
        except _WaitTimeout as error:
            self.pgconn.finish()
            raise NoAnswerError(f"PostgreSQL has not answered within {limit_s:g} s") from error


class Database:
    """A pool with a limit. Every statement runs in a transaction that the caller opens and sees."""

    def __init__(self, url: str, pool_min: int = 1, pool_max: int = 4) -> None:
        self._pool: AsyncConnectionPool[Transaction] = AsyncConnectionPool(
            url,
            min_size=pool_min,
            max_size=pool_max,
            reconnect_timeout=RECONNECT_TIMEOUT_S,
            connection_class=_Connection,
            kwargs={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "options": (
                    f"-c lock_timeout={LOCK_TIMEOUT_MS} -c timezone=UTC"
                    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_TIMEOUT_MS}"
                    f" -c client_connection_check_interval={GONE_CLIENT_CHECK_MS}"
                ),
                **DEAD_NETWORK,
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
        async with self._connection() as connection, connection.transaction():
            yield connection

    @asynccontextmanager
    async def session(self) -> AsyncIterator[Transaction]:
        """Keep one connection, for a lock that lives as long as it. The caller opens transactions on it."""
        async with self._connection() as connection:
            yield connection
            async with connection.transaction():
                await connection.execute("SELECT pg_advisory_unlock_all()")

    def _connection(self) -> AbstractAsyncContextManager[Transaction]:
        is_attended = _answer_within_s.get() is not None
        return self._pool.connection(CONNECT_TIMEOUT_S if is_attended else UNATTENDED_WAIT_S)

    async def is_reachable(self) -> bool:
        """Tell whether PostgreSQL answers; for a readiness check."""
        with answers_within(READY_WITHIN_S):
            async with self.transaction() as tx:
                await tx.execute("SELECT 1")
        return True
