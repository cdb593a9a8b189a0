"""Which method measures a contract's power, and which of a winter's days it takes."""

from datetime import date, timedelta
from enum import StrEnum

from schemas.price_lists import PriceList
from services.contracts.core.refusals import Refusal, RefusedError
from services.contracts.core.winters import winter_years
from services.heat.local_time import EPOCH
from services.heat.power_methods import METHODS
from services.heat.power_methods.measurement import Method, Period
from services.heat.power_methods.periods import winter_of


class MeasuringMethod(StrEnum):
    """How a power was measured; each is one file of services/heat/power_methods. Stored, and never renamed."""

    MINUS_FIVE = "minus_five"
    GOTEBORG = "goteborg"
    STOCKHOLM_EXERGI = "stockholm_exergi"
    NORRENERGI = "norrenergi"
    TEKNISKA_VERKEN = "tekniska_verken"
    CATEGORY_NUMBER = "category_number"
    CUSTOMER_CHOSEN = "customer_chosen"
    COOLING_PEAK = "cooling_peak"

    @property
    def rule(self) -> Method:
        """What the kernel does by this name."""
        return METHODS[self.value]


def method_of(price_list: PriceList | None) -> MeasuringMethod | None:
    """Give the method that a price list measures power by; None where it has no price for power."""
    method = price_list.extension.power_method if price_list else None
    return MeasuringMethod(method.value) if method else None


def newest_period(method: MeasuringMethod, day: date) -> tuple[str, Period]:
    """Give the newest days of a method that are all over on a day, and the winter that they belong to."""
    period = method.rule.period_before(day)
    return winter_of(period), period


def period_of(method: MeasuringMethod, winter: str, today: date) -> Period:
    """Give a winter's days for a method, its newest where it rolls on. Raises RefusedError while some are to come."""
    after_winter = date(winter_years(winter) + 2, 1, 1)
    named, period = newest_period(method, min(today, after_winter))
    if named == winter:
        return period
    last = EPOCH + timedelta(days=method.rule.period_before(after_winter).end - 1)
    raise RefusedError(
        Refusal.WINTER_NOT_OVER,
        f"the days that '{method}' takes of winter {winter} last until {last}; ask again after that day",
    )
