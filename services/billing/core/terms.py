"""What a contract and the price lists say on a day: billing's own dated copies, read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from schemas.agreements import AS_LISTED, Agreed
from schemas.contracts import ContractTerm, PowerInForce
from schemas.values import ContractId, CustomerId, PointId, PriceListId


@dataclass(frozen=True, slots=True)
class Contract:
    """Who takes heat where, with every dated term and power, oldest first, and what was agreed beside."""

    contract_id: ContractId
    contract_number: str
    customer_id: CustomerId
    point_id: PointId
    terms: Sequence[ContractTerm]
    powers: Sequence[PowerInForce]
    agreed: Agreed = AS_LISTED

    @property
    def end(self) -> date:
        """The first day that no longer counts; the last date there is where the contract runs on."""
        return self.terms[-1].valid_to or date.max

    def price_list_id_on(self, day: date) -> PriceListId | None:
        """Name the price list that counts on a day, None outside the contract."""
        found = [term for term in self.terms if term.valid_from <= day and (not term.valid_to or day < term.valid_to)]
        return found[-1].price_list_id if found else None

    def power_on(self, day: date) -> PowerInForce | None:
        """Give the subscription power that counts on a day, None before the first."""
        begun = [power for power in self.powers if power.valid_from <= day]
        return begun[-1] if begun else None
