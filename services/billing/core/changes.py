"""From which day on a changed contract or price list bills otherwise than before."""

from datetime import date

from schemas.price_lists import PriceListChanged
from services.billing.core.terms import Contract


def contract_differs_from(before: Contract, after: Contract) -> date | None:
    """Give the first day on which customer, point, price list, power or what is agreed differ; None where no day does.

    Compared are the two states themselves: a compacted topic may have dropped the changes between them.
    """
    days = {
        day
        for contract in (before, after)
        for day in (
            *(term.valid_from for term in contract.terms),
            *(term.valid_to for term in contract.terms if term.valid_to),
            *(power.valid_from for power in contract.powers),
            *contract.agreed.days(),
        )
    }
    return min((day for day in days if _state(before, day) != _state(after, day)), default=None)


def _state(contract: Contract, day: date) -> object:
    price_list_id = contract.price_list_id_on(day)
    if price_list_id is None:
        return None
    return contract.customer_id, contract.point_id, price_list_id, contract.power_on(day), contract.agreed.says_on(day)


def price_list_differs_from(before: PriceListChanged, after: PriceListChanged) -> date | None:
    """Give the first day on which another version counts; None where no day does."""
    periods = [version.valid_period for known in (before, after) for version in known.versions]
    days = {day for period in periods for day in (period.from_including, period.to_excluding)}
    return min((day for day in days if before.in_force(day) != after.in_force(day)), default=None)
