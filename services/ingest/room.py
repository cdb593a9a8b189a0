"""Room for deliveries in memory: a byte of a delivery becomes a dozen while it is understood and kept."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Room:
    """So many bytes of deliveries may be worked on at once; the rest wait, first come, first served."""

    def __init__(self, total_bytes: int) -> None:
        self._total = total_bytes
        self._free = total_bytes
        self._next = asyncio.Lock()
        self._left = asyncio.Event()

    @asynccontextmanager
    async def taken(self, wanted_bytes: int) -> AsyncIterator[None]:
        """Wait until there is room, and have it for the block; who wants more than there is has it all."""
        size = min(wanted_bytes, self._total)
        async with self._next:
            while self._free < size:
                self._left.clear()
                await self._left.wait()
            self._free -= size
        try:
            yield
        finally:
            self._free += size
            self._left.set()
