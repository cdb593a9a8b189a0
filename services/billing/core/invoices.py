"""A contract's month as an invoice: sums, and the basis that it cites."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from schemas.price_list_terms import WeightedBy
from schemas.values import PriceListId
from services.billing.core.held import Held, HeldReason
from services.billing.core.lines import Line, Used, lines
from services.billing.core.parts import OwnPower, Part
from services.billing.core.prices import Prices
from services.heat.power_methods.customer_chosen import overrun_kw
from services.heat.tariff.energy import energy_kwh
from services.heat.tariff.vat import vat_ore


@dataclass(frozen=True, slots=True)
class Figures:
    """What ingest knows of a part: the running register at both midnights, and how whole its days are.

    revision: the highest of its days, and of the day before it, whose end is the part's beginning.
    """

    register_from_wh: int | None
    register_to_wh: int | None
    days_whole: int
    days_measured: int
    days_estimated: int
    revision: int | None
    is_start_estimated: bool = False
    is_end_estimated: bool = False
    """Whether the day that ends with the register is estimated, so that no meter may ever have shown it."""
    litres: int | None = None
    """Of all days; None where that of one is not known."""
    return_by_energy_centi_c: int | None = None
    return_by_flow_centi_c: int | None = None
    network_return_by_energy_centi_c: int | None = None
    network_return_by_flow_centi_c: int | None = None
    network_l_per_mwh: int | None = None
    highest_hour_wh: int | None = None
    """Of the days of measured hours alone: nobody pays for a peak that was estimated."""


@dataclass(frozen=True, slots=True)
class Vat:
    """The VAT on all lines with one percentage."""

    percent: Decimal
    net_ore: int
    vat_ore: int


@dataclass(frozen=True, slots=True)
class Draft:
    """An invoice without its number yet."""

    lines: list[Line]
    vat: list[Vat]
    basis_parts: list[dict[str, Any]]
    own_powers: tuple[OwnPower, ...] = ()
    """What the month's own peaks gave, once for each method; empty where no price list counts them."""

    @property
    def net_ore(self) -> int:
        """The lines' sum, excluding VAT."""
        return sum(vat.net_ore for vat in self.vat)

    @property
    def vat_ore(self) -> int:
        """The VAT on the sum."""
        return sum(vat.vat_ore for vat in self.vat)


class Month(NamedTuple):
    """A contract's month to be priced: its parts, and what is known of each."""

    parts: Sequence[Part]
    figures: Sequence[Figures]


def drafts(months: Sequence[Month], prices: Prices) -> list[Draft | Held]:
    """Price months, all at once.

    Held where a day is not whole, a register went backwards, too few days set a month's own power, or what the price
    list counts is not known.
    """
    faults = [_fault(month) for month in months]
    ready = [month for month, fault in zip(months, faults, strict=True) if fault is None]
    used = [one for month in ready for one in _used_in(month)]
    priced = iter(lines([part for month in ready for part in month.parts], used, prices))
    return [
        Held(fault) if fault else _draft(month, [next(priced) for _ in month.parts])
        for month, fault in zip(months, faults, strict=True)
    ]


def _fault(month: Month) -> HeldReason | None:
    for part, known in zip(month.parts, month.figures, strict=True):
        since, to = known.register_from_wh, known.register_to_wh
        if since is None or to is None or known.days_whole < part.days:
            return HeldReason.DAYS_MISSING
        if to < since:
            return HeldReason.REGISTER_WENT_BACKWARDS
    if any(part.own is not None and part.power is None for part in month.parts):
        return HeldReason.PEAKS_NOT_MEASURED
    return None


def _used_in(month: Month) -> list[Used]:
    """Give what each part used. The overrun is one figure of a month and price list, borne by the last of its parts."""
    used = [_used(*pair) for pair in zip(month.parts, month.figures, strict=True)]
    with_price: dict[PriceListId, list[int]] = defaultdict(list)
    for place, part in enumerate(month.parts):
        if part.price_list.extension.overrun_per_kw is not None:
            with_price[part.price_list.price_list_id].append(place)
    for places in with_price.values():
        worst = max(_overrun_centi_kw(month.parts[place], month.figures[place]) for place in places)
        used[places[-1]] = used[places[-1]]._replace(overrun_centi_kw=worst)
    return used


def _overrun_centi_kw(part: Part, known: Figures) -> int:
    if part.power is None or known.highest_hour_wh is None:
        return 0
    return int(overrun_kw(known.highest_hour_wh, part.power.kw) * 100)


def _used(part: Part, known: Figures) -> Used:
    by_energy = part.price_list.extension.return_temperature_weighted_by is WeightedBy.ENERGY
    returned = known.return_by_energy_centi_c if by_energy else known.return_by_flow_centi_c
    of_network = known.network_return_by_energy_centi_c if by_energy else known.network_return_by_flow_centi_c
    return Used(_kwh(known), known.litres, returned, of_network, known.network_l_per_mwh, overrun_centi_kw=0)


def _kwh(known: Figures) -> int:
    return energy_kwh(known.register_from_wh or 0, known.register_to_wh or 0)


def _draft(month: Month, priced: Sequence[Sequence[Line] | None]) -> Draft | Held:
    found = [line for part in priced for line in part or ()]
    if None in priced:
        return Held(HeldReason.QUANTITY_MISSING)
    basis = [_basis(part, known, _kwh(known)) for part, known in zip(month.parts, month.figures, strict=True)]
    own = {part.own: None for part in month.parts if part.own is not None}
    return Draft(found, _vat(found), basis, tuple(own))


def _vat(priced: Sequence[Line]) -> list[Vat]:
    percents = sorted({line.part.price_list.vat_percent for line in priced})
    nets = [
        (one, sum(line.amount_ore for line in priced if line.part.price_list.vat_percent == one)) for one in percents
    ]
    return [Vat(percent, net, vat_ore(net, percent)) for percent, net in nets]


def _temperatures(part: Part, known: Figures) -> dict[str, Any]:
    """Cite the return temperatures, and the network's flow, that a part may be priced by."""
    used = _used(part, known)
    return {
        "return_centi_c": used.return_centi_c,
        "network_return_centi_c": used.network_return_centi_c,
        "network_l_per_mwh": used.network_l_per_mwh,
    }


def _basis(part: Part, known: Figures, kwh: int) -> dict[str, Any]:
    price_list, power = part.price_list, part.power
    return {
        "first": part.first.isoformat(),
        "end": part.end.isoformat(),
        "register_from_wh": known.register_from_wh,
        "register_to_wh": known.register_to_wh,
        "register_from_is_estimated": known.is_start_estimated,
        "register_to_is_estimated": known.is_end_estimated,
        "energy_kwh": kwh,
        "days": part.days,
        "days_measured": known.days_measured,
        "days_estimated": known.days_estimated,
        "revision": known.revision,
        "litres": known.litres,
        "highest_hour_wh": known.highest_hour_wh,
        **_temperatures(part, known),
        "price_list": {
            "price_list_id": price_list.price_list_id,
            "version": price_list.version,
            "name": price_list.name,
        },
        "power": power.model_dump(mode="json") | _peak_days(part) if power else None,
        **_agreed(part),
    }


def _peak_days(part: Part) -> dict[str, Any]:
    """Cite the days whose mean a month's own power is: none of one that was agreed for the month."""
    return {} if part.own is None else {"days": [day.isoformat() for day in part.own.days]}


def _agreed(part: Part) -> dict[str, Any]:
    """Cite the options and agreements that a part is priced by; nothing where there are none, as in all before them."""
    counting = part.agreed.on(part.first)
    cited = {"options": counting.options, "agreements": counting.agreements}
    return {name: [one.model_dump(mode="json") for one in some] for name, some in cited.items() if some}
