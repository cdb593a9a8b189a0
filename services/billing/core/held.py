"""Why a contract gets no invoice yet."""

from dataclasses import dataclass
from enum import StrEnum


class HeldReason(StrEnum):
    """What is missing. The value is stored, shown to staff and never renamed."""

    DAYS_MISSING = "days_missing"
    REGISTER_WENT_BACKWARDS = "register_went_backwards"
    NO_PRICE_LIST = "no_price_list"
    NO_ENERGY_PRICE = "no_energy_price"
    OPTION_NOT_PRICED = "option_not_priced"
    NO_POWER_IN_FORCE = "no_power_in_force"
    PEAKS_NOT_MEASURED = "peaks_not_measured"
    QUANTITY_MISSING = "quantity_missing"
    NO_ADDRESS = "no_address"
    INVOICE_LOST = "invoice_lost"


@dataclass(frozen=True, slots=True)
class Held:
    """The month of a contract that cannot be invoiced yet."""

    reason: HeldReason
