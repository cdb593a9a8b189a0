"""Price lists laid out for reckoning: each version once, for all contracts that are billed by it."""

from collections.abc import Mapping
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from schemas.agreed_rates import agreed_rates
from schemas.agreements import AS_LISTED, Agreed
from schemas.price_lists import PriceList, PriceListChanged
from schemas.rates import Rate, limits_kw
from schemas.values import PriceListId
from services.heat.local_time import EPOCH
from services.heat.tariff.table import PriceTable, table

PriceLists = Mapping[PriceListId, PriceListChanged]


class LaidOut(NamedTuple):
    """A version of a price list with its prices."""

    rates: list[Rate]
    table: PriceTable
    changes: frozenset[date]
    """The days on which a price of it begins or ends."""


class Prices:
    """All price lists that contracts may be billed by, as they are while some of these are."""

    def __init__(self, lists: PriceLists) -> None:
        self._lists = lists
        self._laid_out: dict[tuple[PriceListId, int, Agreed], LaidOut] = {}
        self._changes: dict[PriceListId, set[date]] = {}

    def in_force(self, price_list_id: PriceListId, day: date) -> PriceList | None:
        """Give the version of a price list that counts on a day."""
        known = self._lists.get(price_list_id)
        return known.in_force(day) if known else None

    def of(self, price_list: PriceList, agreed: Agreed = AS_LISTED) -> LaidOut:
        """Give the prices of a version as a contract has them."""
        key = price_list.price_list_id, price_list.version, agreed
        if key not in self._laid_out:
            self._laid_out[key] = _laid_out(price_list, agreed)
        return self._laid_out[key]

    def hold_against_networks(self) -> bool:
        """Tell whether any price is held against the mean of a network."""
        versions = (one for known in self._lists.values() for one in known.versions)
        return any(rate.is_against_network for one in versions for rate in self.of(one).rates)

    def has_months_peaks(self, price_list_id: PriceListId) -> bool:
        """Tell whether a price list bills each month by its own peaks, on whatever days."""
        known = self._lists.get(price_list_id)
        return known is not None and any(one.is_by_months_peaks for one in known.versions)

    def changes(self, price_list_id: PriceListId) -> set[date]:
        """Give the days on which a price list may say something else than the day before."""
        if price_list_id not in self._changes:
            self._changes[price_list_id] = self._found_changes(price_list_id)
        return self._changes[price_list_id]

    def _found_changes(self, price_list_id: PriceListId) -> set[date]:
        known = self._lists.get(price_list_id)
        versions = known.versions if known else ()
        ends = {day for one in versions for day in (one.valid_period.from_including, one.valid_period.to_excluding)}
        return ends.union(*(self.of(one).changes for one in versions))


MOST_REMEMBERED = 500
"""Versions of price lists, or what single contracts make of them, each with some thousand numbers."""


@lru_cache(maxsize=MOST_REMEMBERED)
def _laid_out(price_list: PriceList, agreed: Agreed) -> LaidOut:
    known = agreed_rates(price_list, agreed)
    laid_out = table(known, limits_kw(price_list))
    return LaidOut(known, laid_out, frozenset(EPOCH + timedelta(days=day) for day in laid_out.first_day.tolist()))
