"""The newest known means of a network, by calendar month: what a price may hold a facility's own against."""

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

import numpy as np

from schemas.price_list_terms import WeightedBy
from services.heat.arrays import UNKNOWN, Int64

MONTHS = 12
OF_AT_LEAST = 10
"""What anybody may ask of a network's mean must be of so many points that no single house shows in it."""


class MonthsMean(NamedTuple):
    """A network's mean of one month as billing closed it; None where nothing of it was measured."""

    month: date
    return_by_energy_centi_c: int | None
    return_by_flow_centi_c: int | None
    l_per_mwh: int | None


class NetworkMeans(NamedTuple):
    """(12,) each, January first: UNKNOWN where no such month was ever closed."""

    return_by_energy_centi_c: Int64
    return_by_flow_centi_c: Int64
    l_per_mwh: Int64

    def returned(self, weighted_by: WeightedBy) -> Int64:
        """Give the return temperatures as a price list weighs them."""
        return self.return_by_energy_centi_c if weighted_by is WeightedBy.ENERGY else self.return_by_flow_centi_c


def newest(closed: Iterable[MonthsMean]) -> NetworkMeans:
    """Choose of each calendar month the newest mean that is known."""
    found = NetworkMeans(*np.full((3, MONTHS), UNKNOWN))
    for one in sorted(closed):
        for column, value in zip(found, one[1:], strict=True):
            if value is not None:
                column[one.month.month - 1] = value
    return found


NOTHING_CLOSED = newest(())
