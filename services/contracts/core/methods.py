"""Which method measures a contract's power, and which of a winter's days it takes."""

from datetime import date, timedelta
from decimal import Decimal

from schemas.facilities import Category
from schemas.price_list_terms import PowerMethod
from schemas.price_lists import PriceList
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.core.winters import winter_years
from services.heat.local_time import EPOCH
from services.heat.power_methods import METHODS
from services.heat.power_methods.measurement import Method, Period
from services.heat.power_methods.periods import winter_of


def rule_of(method: PowerMethod) -> Method:
    """Give what the kernel does by a method's name."""
    return METHODS[method.value]


def method_of(price_list: PriceList | None) -> PowerMethod | None:
    """Give the method that a price list measures power by; None where it has no price for power."""
    return price_list.extension.power_method if price_list else None


def months_method_of(price_list: PriceList) -> PowerMethod | None:
    """Give the method of a price list that bills each month by its own peaks; None of any other."""
    method = method_of(price_list)
    return method if method is not None and method.is_of_month else None


def utilisation_hours(price_list: PriceList | None, category: Category) -> Decimal | None:
    """Give the hours that a price list divides a category's energy by; None where it names none."""
    known = price_list.extension.utilisation_hours if price_list else ()
    return next((one.hours for one in known if one.category is category), None)


def newest_period(method: PowerMethod, day: date) -> tuple[str, Period]:
    """Give the newest days of a method that are all over on a day, and the winter that they belong to."""
    period = rule_of(method).period_before(day)
    return winter_of(period), period


def period_of(method: PowerMethod, winter: str, today: date) -> Period:
    """Give a winter's days for a method, its newest where it rolls on. Raises RefusedError while some are to come."""
    after_winter = date(winter_years(winter) + 2, 1, 1)
    named, period = newest_period(method, min(today, after_winter))
    if named == winter:
        return period
    last = EPOCH + timedelta(days=rule_of(method).period_before(after_winter).end - 1)
    raise RefusedError(
        Refusal.WINTER_NOT_OVER,
        f"the days that '{method}' takes of winter {winter} last until {last}; ask again after that day",
    )
