"""What a measured subscription power changes, and from when."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

WHOLE_KW = Decimal(1)
THRESHOLD_PERCENT = 5


class Decision(StrEnum):
    """What became of a measured power. The value is stored, shown to customers and never renamed."""

    CHANGED = "changed"
    WITHIN_THRESHOLD = "within_threshold"
    SAME_KW = "same_kw"
    NOTHING_IN_FORCE = "nothing_in_force"
    NOT_DETERMINED = "not_determined"


@dataclass(frozen=True)
class PowerDecision:
    """What follows from a measurement; kw is set only where the power in force changes."""

    decision: Decision
    kw: Decimal | None = None


def decide(measured_kw: Decimal, in_force_kw: Decimal | None, is_exact: bool = False) -> PowerDecision:
    """Compare a measured power with the one in force.

    measured_kw: at 0.01 kW. A deviation of 5 % or more of the power in force changes it to the measured value,
    rounded half up to whole kW; the same whole kW changes nothing. A contract's first power is entered by staff,
    so without one in force nothing is decided. is_exact: of a yearly energy, any other value changes it, as it is
    measured: 15.1 MWh are above a band that ends at 15. Source: domain.md, Subscription power.
    """
    if in_force_kw is None:
        return PowerDecision(Decision.NOTHING_IN_FORCE)
    if is_exact:
        is_same = measured_kw == in_force_kw
        return PowerDecision(Decision.SAME_KW) if is_same else PowerDecision(Decision.CHANGED, measured_kw)
    if 100 * abs(measured_kw - in_force_kw) < THRESHOLD_PERCENT * in_force_kw:
        return PowerDecision(Decision.WITHIN_THRESHOLD)
    kw = measured_kw.quantize(WHOLE_KW, ROUND_HALF_UP)
    if kw == in_force_kw:
        return PowerDecision(Decision.SAME_KW)
    return PowerDecision(Decision.CHANGED, kw)


def effective_on(approved_on: date, month: int | None = None, day: int = 1) -> date:
    """Give the day from which a changed power counts, never the day of its approval or one before it.

    Without a month: the next month's first. With month and day: the next such day, as a price list states it.
    """
    if month is None:
        year, following = divmod(approved_on.month, 12)
        return date(approved_on.year + year, following + 1, 1)
    this_year = date(approved_on.year, month, day)
    return this_year if this_year > approved_on else date(approved_on.year + 1, month, day)
