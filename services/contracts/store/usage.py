"""What the contracts on a price list used in a year, month by month."""

from datetime import date
from typing import NamedTuple

import numpy as np

from schemas.values import PointId
from services.common.postgres import Transaction
from services.contracts.core.effect import MONTHS, Usage
from services.heat.arrays import UNKNOWN, Int64

_CONTRACTS = """
    SELECT contract.contract_number, contract.point_id, facility.network_id, facility.name,
           (SELECT CASE WHEN power.unit = 'kW' THEN power.kw END FROM contracts_v1.power_in_force AS power
             WHERE power.contract_id = contract.contract_id AND power.valid_from <= %(day)s
             ORDER BY power.valid_from DESC LIMIT 1) AS kw
      FROM contracts.contract
      JOIN contracts.metering_point AS point USING (point_id)
      JOIN contracts.facility USING (facility_id)
     WHERE EXISTS (SELECT FROM contracts_v1.contract AS term
                    WHERE term.contract_id = contract.contract_id AND term.price_list_id = %(price_list_id)s
                      AND term.valid_from <= %(day)s AND coalesce(term.valid_to, 'infinity') > %(day)s)
     ORDER BY contract.point_id
"""
# Of months that are known whole; a month's return temperature weighs its days by their energy.
_USED = """
    SELECT day.point_id, extract(month FROM day.day)::int AS month, round(sum(day.energy_wh) / 1000)::bigint AS kwh,
           CASE WHEN count(day.volume_l) = count(*) THEN sum(day.volume_l)::bigint END AS litres,
           round(100 * sum(day.energy_return_wh_c) / nullif(sum(day.energy_with_return_wh), 0))::bigint AS own_centi_c
      FROM ingest_v1.day AS day
     WHERE day.point_id = ANY(%(points)s) AND day.day >= %(first)s AND day.day < %(end)s
     GROUP BY 1, 2
    HAVING count(day.energy_wh) = extract(day FROM max(day.day) - date_trunc('month', max(day.day)))::int + 1
"""
_OF_NETWORKS = """
    SELECT facility.network_id, extract(month FROM day.day)::int AS month,
           round(100 * sum(day.energy_return_wh_c) / nullif(sum(day.energy_with_return_wh), 0))::bigint AS mean_centi_c,
           round(1000000 * sum(day.volume_l) FILTER (WHERE day.energy_wh IS NOT NULL)
                 / nullif(sum(day.energy_wh) FILTER (WHERE day.volume_l IS NOT NULL), 0))::bigint AS l_per_mwh
      FROM ingest_v1.day AS day
      JOIN contracts.metering_point AS point ON point.point_id = day.point_id AND point.medium = %(medium)s
      JOIN contracts.facility USING (facility_id)
     WHERE facility.network_id = ANY(%(networks)s) AND day.day >= %(first)s AND day.day < %(end)s
     GROUP BY 1, 2
"""


class Contracts(NamedTuple):
    """The contracts on a price list, in the order of their usage."""

    numbers: list[str]
    facilities: list[str]
    points: list[PointId]
    usage: Usage


async def of_price_list(tx: Transaction, price_list_id: str, medium: str, day: date, year: int) -> Contracts:
    """Give the contracts that are on a price list on a day, and what they used in a year."""
    found = await (await tx.execute(_CONTRACTS, {"price_list_id": price_list_id, "day": day})).fetchall()
    points = [row[1] for row in found]
    networks = sorted({row[2] for row in found})
    span = {"first": date(year, 1, 1), "end": date(year + 1, 1, 1)}
    used = await (await tx.execute(_USED, span | {"points": points})).fetchall()
    means = await (await tx.execute(_OF_NETWORKS, span | {"networks": networks, "medium": medium})).fetchall()
    place = {point: at for at, point in enumerate(points)}
    own = _by_month(len(points), 3, [(place[row[0]], *row[1:]) for row in used])
    at_network = {network: at for at, network in enumerate(networks)}
    of_networks = _by_month(len(networks), 2, [(at_network[row[0]], *row[1:]) for row in means])
    of_contract = [at_network[row[2]] for row in found]
    centi_kw = np.array([UNKNOWN if row[4] is None else int(row[4] * 100) for row in found], np.int64)
    usage = Usage(own[0], own[1], own[2], of_networks[0][of_contract], of_networks[1][of_contract], centi_kw)
    return Contracts([row[0] for row in found], [row[3] for row in found], points, usage)


def _by_month(rows: int, columns: int, found: list[tuple[int, ...]]) -> Int64:
    """Lay out (row, month, values...) as (columns, rows, 12); UNKNOWN where there is none."""
    laid_out = np.full((columns, rows, MONTHS), UNKNOWN)
    for row, month, *values in found:
        laid_out[:, row, month - 1] = [UNKNOWN if one is None else one for one in values]
    return laid_out
