"""Versions of price lists that are nobody's secret, read once: a version never changes."""

from schemas.price_lists import PriceList
from services.common.postgres import Transaction
from services.contracts.core.tariff_catalogue import Version, Withdrawn

_KEYS = "SELECT price_list_id, version FROM contracts.price_list WHERE status IN ('firm', 'forecast')"
_DOCUMENTS = """
    SELECT price_list_id, version, recorded_at, document
      FROM contracts.price_list
      JOIN unnest(%s::text[], %s::bigint[]) AS wanted (price_list_id, version) USING (price_list_id, version)
"""
_WITHDRAWN = "SELECT price_list_id, withdrawn_on, announced_at FROM contracts.withdrawal ORDER BY price_list_id"

Key = tuple[str, int]


class KnownVersions:
    """What was read before, so that only new versions are."""

    def __init__(self) -> None:
        self._known: dict[Key, Version] = {}

    async def read(self, tx: Transaction) -> tuple[Version, ...]:
        """Give every version that is firm or a forecast."""
        keys: list[Key] = await (await tx.execute(_KEYS)).fetchall()
        new = [key for key in keys if key not in self._known]
        if new:
            names, versions = zip(*new, strict=True)
            for name, version, recorded_at, document in await (
                await tx.execute(_DOCUMENTS, [list(names), list(versions)])
            ).fetchall():
                identity = {"price_list_id": name, "version": version}
                terms = PriceList.model_validate({**document, **identity})
                self._known[name, version] = Version(name, version, recorded_at, terms)
        return tuple(self._known[key] for key in sorted(keys))


async def withdrawn(tx: Transaction) -> tuple[Withdrawn, ...]:
    """Give the price lists that are or will be withdrawn."""
    return tuple(Withdrawn(*row) for row in await (await tx.execute(_WITHDRAWN)).fetchall())
