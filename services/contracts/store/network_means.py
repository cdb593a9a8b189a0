"""What billing has closed of networks' means, as it publishes them."""

from psycopg.rows import class_row

from schemas.values import Medium
from services.common.postgres import Transaction
from services.contracts.core.network_means import MonthsMean, NetworkMeans, newest

_OF_NETWORK = """
    SELECT mean.month, mean.return_by_energy_centi_c, mean.return_by_flow_centi_c, mean.l_per_mwh
      FROM billing_v1.network_mean AS mean
     WHERE mean.network_id = %s AND mean.medium = %s
"""
_OF_ALL = """
    SELECT mean.network_id, mean.medium, mean.month, mean.return_by_energy_centi_c, mean.return_by_flow_centi_c,
           mean.l_per_mwh
      FROM billing_v1.network_mean AS mean
     WHERE mean.points >= %s
"""


async def of_network(tx: Transaction, network_id: str, medium: Medium) -> NetworkMeans:
    """Give a network's newest means."""
    async with tx.cursor(row_factory=class_row(MonthsMean)) as cursor:
        return newest(await (await cursor.execute(_OF_NETWORK, [network_id, medium])).fetchall())


async def of_all(tx: Transaction, least_points: int) -> dict[tuple[Medium, str], NetworkMeans]:
    """Give the newest means of every network by medium and network, as far as they are of so many points."""
    found: dict[tuple[Medium, str], list[MonthsMean]] = {}
    for network_id, medium, *mean in await (await tx.execute(_OF_ALL, [least_points])).fetchall():
        found.setdefault((Medium(medium), network_id), []).append(MonthsMean(*mean))
    return {key: newest(closed) for key, closed in found.items()}
