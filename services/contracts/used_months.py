"""What contracts' months were by their own peaks in a year, for versions of price lists that bill them by these."""

import asyncio
from collections.abc import Sequence
from datetime import date

import numpy as np

from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from schemas.values import PointId
from services.common.postgres import Transaction
from services.contracts.core.methods import months_method_of, rule_of
from services.contracts.core.month_powers import of_many
from services.contracts.store import days
from services.contracts.store.usage import Contracts
from services.heat.arrays import Int64
from services.heat.local_time import EPOCH
from services.heat.power_methods.measurement import Period

AT_ONCE = 1_000
"""Metering points, each with a year of days."""


async def used_by(tx: Transaction, contracts: Contracts, versions: Sequence[PriceList], year: int) -> Contracts:
    """Give contracts with the powers of their months in a year, by each method that a version bills them by."""
    methods = {method for one in versions if (method := months_method_of(one)) is not None}
    period = Period((date(year, 1, 1) - EPOCH).days, (date(year + 1, 1, 1) - EPOCH).days)
    peaks = {method: await _powers(tx, contracts.points, period, method) for method in sorted(methods)}
    return contracts._replace(usage=contracts.usage._replace(peaks=peaks))


async def _powers(tx: Transaction, points: Sequence[PointId], period: Period, method: PowerMethod) -> Int64:
    found = [np.zeros((0, 12), np.int64)]
    for first in range(0, len(points), AT_ONCE):
        some = points[first : first + AT_ONCE]
        rows = await days.day_rows(tx, some, period, rule_of(method).statistic)
        # In a thread, so that requests are answered meanwhile.
        found.append(await asyncio.to_thread(of_many, some, period, rows, method))
    return np.concatenate(found)
