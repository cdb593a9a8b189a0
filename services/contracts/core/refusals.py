"""Why a document or command is refused: one name each."""

from collections.abc import Sequence
from enum import StrEnum

from services.contracts.core.price_list_rules import Fault


class Refusal(StrEnum):
    """The value stands in answers to staff systems and is never renamed."""

    UNKNOWN_NETWORK = "unknown_network"
    UNKNOWN_FACILITY = "unknown_facility"
    UNKNOWN_METERING_POINT = "unknown_metering_point"
    UNKNOWN_CUSTOMER = "unknown_customer"
    UNKNOWN_PRICE_LIST = "unknown_price_list"
    NOT_ELIGIBLE = "not_eligible"
    OPTION_NOT_OFFERED = "option_not_offered"
    QUANTITY_NOT_BILLED = "quantity_not_billed"
    PRICE_LIST_WITHDRAWN = "price_list_withdrawn"
    NO_REPLACEMENT = "no_replacement"
    NO_WHOLE_YEAR = "no_whole_year"
    NO_CONTRACTS = "no_contracts"
    TOO_LATE_TO_TELL = "too_late_to_tell"
    CONTRACTS_OVERLAP = "contracts_overlap"
    CONTRACT_IS_ANOTHERS = "contract_is_anothers"
    NO_CONTRACT_TODAY = "no_contract_today"
    WINTER_NOT_OVER = "winter_not_over"
    POWER_IS_CHOSEN = "power_is_chosen"
    POWER_IS_OF_MONTHS = "power_is_of_months"
    DAY_NOT_COME = "day_not_come"
    RUN_NOT_FINISHED = "run_not_finished"
    UNKNOWN_CONTRACT = "unknown_contract"
    NO_PRICES = "no_prices"
    OFFER_TOO_LATE = "offer_too_late"
    TERM_IS_LATER = "term_is_later"
    OFFER_SIGNED = "offer_signed"
    OFFER_IS_CUSTOMERS = "offer_is_customers"
    OFFER_EXPIRED = "offer_expired"
    OFFER_REPLACED = "offer_replaced"
    CONTRACT_CHANGED = "contract_changed"
    PRICES_CHANGED = "prices_changed"
    ONLY_ADMINISTRATORS = "only_administrators"
    ONLY_LOOKS = "only_looks"
    ONLY_ECONOMISTS = "only_economists"
    NOT_IDENTIFIED = "not_identified"
    OTHER_PERSON = "other_person"


class FaultyPriceListError(Exception):
    """A price list that contracts cannot be billed by; `faults` say where, why, and what to do."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(faults[0].what)
        self.faults = faults


class RefusedError(Exception):
    """A document or command that cannot be carried out; the text says why and what to do. field: where, if in one."""

    def __init__(self, refusal: Refusal, detail: str, field: str = "") -> None:
        super().__init__(detail)
        self.refusal = refusal
        self.detail = detail
        self.field = field
