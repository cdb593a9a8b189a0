"""A pool of connections on which everything is read under one visitor's session."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, Self

import asyncpg

from services.common import one_zone
from services.gateway.settings import GatewaySettings

Connection = Any  # asyncpg brings no types.
Row = Any

CONNECT_TIMEOUT_S = 5
"""So long a page waits for a connection, be it a new one or its turn."""


class Reader:
    """Reads for visitors. The session is set for a transaction and gone with it, whatever happens in between."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    @classmethod
    async def open(cls, settings: GatewaySettings) -> Self:
        """Connect. Raises OSError or asyncpg.PostgresError where PostgreSQL does not answer."""
        return cls(
            await asyncpg.create_pool(
                settings.database_url.get_secret_value(),
                min_size=1,
                max_size=settings.database_pool,
                timeout=CONNECT_TIMEOUT_S,
                command_timeout=settings.statement_timeout_ms / 1000 + 1,
                server_settings={
                    "timezone": "UTC",
                    "statement_timeout": str(settings.statement_timeout_ms),
                    "idle_in_transaction_session_timeout": "10000",
                    # Pages ask short questions; compiling them takes longer than answering.
                    "jit": "off",
                },
            )
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._pool.close()

    @asynccontextmanager
    async def visit(self, session_token: str) -> AsyncIterator[Connection]:
        """Open a transaction that sees what the session's person may see. Raises TimeoutError where none answers."""
        async with self._pool.acquire(timeout=CONNECT_TIMEOUT_S) as connection:
            with _dropped_where_silent(connection):
                async with connection.transaction():
                    with _dropped_where_silent(connection):
                        await connection.execute("SELECT set_config('kulvert.session_token', $1, true)", session_token)
                        yield connection

    async def is_reachable(self) -> bool:
        """Tell whether PostgreSQL answers; for a readiness check."""
        return bool(await self._pool.fetchval("SELECT true"))

    async def remembered_zone(self) -> str | None:
        """Give the time zone that the database was made for."""
        name: str | None = await self._pool.fetchval(one_zone.REMEMBERED)
        return name


@contextmanager
def _dropped_where_silent(connection: Connection) -> Iterator[None]:
    # Whatever else a connection that stands still is asked, be it to undo the transaction, would wait as long again.
    try:
        yield
    except TimeoutError:
        connection.terminate()
        raise
