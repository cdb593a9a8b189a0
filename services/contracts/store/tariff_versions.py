"""Versions of price lists that are nobody's secret, and which of the lists are withdrawn."""

from datetime import datetime

from services.common.postgres import Transaction
from services.contracts.core.tariff_catalogue import Version, Withdrawn
from services.contracts.store import price_lists

_KEYS = "SELECT price_list_id, version, recorded_at FROM contracts.price_list WHERE status IN ('firm', 'forecast')"
_WITHDRAWN = "SELECT price_list_id, withdrawn_on, announced_at FROM contracts.withdrawal ORDER BY price_list_id"

Key = tuple[str, int]


class KnownVersions:
    """What was read before, so that only price lists with new versions are: a version never changes."""

    def __init__(self) -> None:
        self._known: dict[Key, Version] = {}

    async def read(self, tx: Transaction) -> tuple[Version, ...]:
        """Give every version that is firm or a forecast."""
        rows: list[tuple[str, int, datetime]] = await (await tx.execute(_KEYS)).fetchall()
        recorded_at = {(price_list_id, version): at for price_list_id, version, at in rows}
        for price_list_id in sorted({key[0] for key in recorded_at if key not in self._known}):
            for terms in await price_lists.versions(tx, price_list_id):
                key = (price_list_id, terms.version)
                if key in recorded_at:
                    self._known[key] = Version(*key, recorded_at[key], terms)
        return tuple(self._known[key] for key in sorted(recorded_at))


async def withdrawn(tx: Transaction) -> tuple[Withdrawn, ...]:
    """Give the price lists that are or will be withdrawn."""
    return tuple(Withdrawn(*row) for row in await (await tx.execute(_WITHDRAWN)).fetchall())
