"""What whole months cost by a price list."""

from datetime import date

import numpy as np

from schemas.price_list_terms import PriceListTerms
from schemas.rates import limits_kw, rates
from services.heat.arrays import UNKNOWN
from services.heat.local_time import EPOCH
from services.heat.tariff.rating import Parts, rated
from services.heat.tariff.table import Charge, table


def costs(terms: PriceListTerms, months: list[int], **used: int | list[int]) -> dict[Charge, list[int]]:
    """Give what whole months cost by charge, in öre."""
    year = terms.valid_period.from_including.year
    begins = [date(year, month, 1) for month in months]
    ends = [date(year + month // 12, month % 12 + 1, 1) for month in months]
    columns = {name: np.broadcast_to(used.get(name, UNKNOWN), len(months)) for name in Parts._fields[2:]}
    days = [np.array([(day - EPOCH).days for day in some]) for some in (begins, ends)]
    prices = table(rates(terms), limits_kw(terms))
    result = rated(prices, Parts(*days, **columns))
    assert not result.lacks.any()
    return {layer.charge: result.ore[:, place].tolist() for place, layer in enumerate(prices.layers)}
