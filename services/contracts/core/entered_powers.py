"""Whether what is entered for a contract is what its price list bills by: kW, or MWh of the normal year."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from schemas.price_lists import PriceList, PriceListChanged
from services.contracts.core import documents
from services.contracts.core.price_list_life import Term


class Misfit(NamedTuple):
    """An entered power, and the version that counts on its day and bills by the other quantity."""

    place: int
    power: documents.EnteredPower
    price_list: PriceList

    @property
    def unit(self) -> str:
        """The field that is written and must not be."""
        return "kw" if self.power.mwh is None else "mwh"

    @property
    def told(self) -> str:
        """What is wrong, and what to do."""
        name, day = self.price_list.name, self.power.valid_from
        if self.price_list.is_by_months_peaks:
            return f"'{name}' bills each month by its own peaks on {day}; leave mwh out, or write kw for that month"
        if self.unit == "kw":
            return f"'{name}' bills by the yearly energy on {day}; write mwh, the MWh of a normal year, in place of kw"
        return f"'{name}' bills by the power on {day}; write kw in place of mwh"


def misfit(
    powers: Sequence[documents.EnteredPower], terms: Sequence[Term], lists: Mapping[str, PriceListChanged]
) -> Misfit | None:
    """Find an entered power that its price list does not bill by; asked on the day from which it counts.

    A list that bills neither quantity takes both. One that bills each month by its own peaks takes kW alone, which
    stand in for those of the month that they are entered from.
    """
    for place, power in enumerate(powers):
        begun = [term for term in terms if term.valid_from <= power.valid_from]
        version = lists[begun[-1].price_list_id].in_force(power.valid_from) if begun else None
        if version is None or not (version.needs_power_in_force or version.is_by_months_peaks):
            continue
        if version.is_by_yearly_energy != (power.mwh is not None):
            return Misfit(place, power, version)
    return None
