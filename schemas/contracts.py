"""Customers' contracts, with every dated term and power in force. Producer: contracts."""

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar

from pydantic import Field

from schemas.agreements import Agreed, ChosenOption, PriceAgreement
from schemas.event import Event, Part
from schemas.price_list_terms import PowerMethod
from schemas.values import ContractId, CustomerId, DeterminationId, PointId, PriceListId

ENTERED, ENTERED_ENERGY = "entered", "entered_energy"
"""The methods of what staff entered: a power, or a yearly energy."""
YEARLY_ENERGY = frozenset({ENTERED_ENERGY, PowerMethod.YEARLY_ENERGY.value})


class ContractTerm(Part):
    """The price list that counts from `valid_from` up to, not including, `valid_to` (None: until further notice)."""

    valid_from: date
    valid_to: date | None
    price_list_id: PriceListId


class PowerInForce(Part):
    """The subscription power that counts from a day on, until the next one does.

    method: "entered" by staff, or the measuring method; determination_id then names its result. Where it is of a yearly
    energy ("entered_energy", "yearly_energy"), kw is MWh of a normal year.
    """

    valid_from: date
    kw: Annotated[Decimal, Field(ge=0)]
    method: str
    determination_id: DeterminationId | None

    @property
    def is_yearly_energy(self) -> bool:
        """True where it is MWh of a normal year, for price lists whose bands are of these."""
        return self.method in YEARLY_ENERGY


class ContractChanged(Event):
    """A contract whole: who, where, and every term, power, option and agreement it ever had, oldest first.

    Consumers apply a message only where `version` is above what they have of that contract. `changed_from` is
    the earliest day that this change touches; what was computed from that day on is to be looked at again.
    """

    name: ClassVar[str] = "contracts-changed"

    contract_id: ContractId
    version: int
    contract_number: str
    customer_id: CustomerId
    point_id: PointId
    terms: tuple[ContractTerm, ...]
    powers: tuple[PowerInForce, ...]
    options: tuple[ChosenOption, ...] = ()
    agreements: tuple[PriceAgreement, ...] = ()
    changed_from: date

    @property
    def agreed(self) -> Agreed:
        """What it has beside its price lists."""
        return Agreed(self.options, self.agreements)
