"""The parts of months as the lines of invoices: priced all at once, for each price list in one go."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import numpy as np

from schemas.agreements import Agreed
from schemas.rates import Rate
from schemas.values import PriceListId
from services.billing.core.parts import Part, month_span
from services.billing.core.prices import LaidOut, Prices
from services.heat.arrays import UNKNOWN
from services.heat.local_time import EPOCH
from services.heat.tariff.rating import Parts, rated
from services.heat.tariff.table import Charge, counted_bounds, is_monthly
from services.heat.tariff.year_days import days_of_year


class Used(NamedTuple):
    """What was used in a part, whole numbers; None where it is not known."""

    kwh: int
    litres: int | None
    return_centi_c: int | None
    network_return_centi_c: int | None = None
    network_l_per_mwh: int | None = None
    overrun_centi_kw: int = 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line: (quantity × price + fixed_price) × days / year_days, in whole öre, excluding VAT.

    fixed_price: the band's fixed part, kr a year or month, of a power line. days and year_days: None for what is not
    billed by time; year_days are those of the month where the price is by the month. label: the component's name in the
    price list, such as the season of an energy line.
    """

    part: Part
    component: Charge
    label: str
    quantity: Decimal
    unit: str
    price: Decimal
    fixed_price: Decimal
    days: int | None
    year_days: int | None
    amount_ore: int


def lines(parts: Sequence[Part], used: Sequence[Used], prices: Prices) -> list[list[Line] | None]:
    """Price parts: of each a line for every component of its price list, energy first; those of a kind add up.

    None where something that its price list counts is not known.
    """
    by_version: dict[tuple[PriceListId, int, Agreed], list[int]] = defaultdict(list)
    for place, part in enumerate(parts):
        by_version[part.price_list.price_list_id, part.price_list.version, part.agreed].append(place)
    found: list[list[Line] | None] = [None] * len(parts)
    for places in by_version.values():
        laid_out = prices.of(parts[places[0]].price_list, parts[places[0]].agreed)
        result = rated(laid_out.table, _columns([(parts[place], used[place]) for place in places]))
        for row, place in enumerate(places):
            if not result.lacks[row]:
                amounts = zip(result.rate[row].tolist(), result.ore[row].tolist(), strict=True)
                found[place] = list(_lines(parts[place], used[place], laid_out, list(amounts)))
    return found


def _columns(rows: Sequence[tuple[Part, Used]]) -> Parts:
    columns = zip(*(_row(part, used) for part, used in rows), strict=True)
    return Parts(*(np.array([UNKNOWN if one is None else one for one in column], np.int64) for column in columns))


def _row(part: Part, used: Used) -> tuple[int | None, ...]:
    kwh, *others = used
    days = (part.first - EPOCH).days, (part.end - EPOCH).days
    return *days, kwh, None if part.power is None else int(part.power.kw * 100), *others


def _lines(part: Part, used: Used, laid_out: LaidOut, amounts: Sequence[tuple[int, int]]) -> Iterator[Line]:
    for (index, ore), layer in zip(amounts, laid_out.table.layers, strict=True):
        if index >= 0 and not (layer.charge is Charge.OVERRUN and used.overrun_centi_kw == 0):
            rate = laid_out.rates[index]
            fixed_price = Decimal(int(layer.band_fixed[layer.rate == index].max())).scaleb(-6)
            yield _line(part, used, rate, layer.charge, fixed_price, ore)


def _line(part: Part, used: Used, rate: Rate, charge: Charge, fixed_price: Decimal, ore: int) -> Line:
    quantity, unit = _quantity(charge, part, used, rate)
    is_by_time = charge in (Charge.POWER, Charge.FIXED)
    days, of_days = (part.days, _of_days(part, rate)) if is_by_time else (None, None)
    label = "" if charge is Charge.POWER else rate.name
    return Line(part, charge, label, quantity, unit, rate.price, fixed_price, days, of_days, ore)


def _quantity(charge: Charge, part: Part, used: Used, rate: Rate) -> tuple[Decimal, str]:
    """Give what a line counts, with the decimals that it is known to, and its unit."""
    match charge:
        case Charge.ENERGY if rate.per == "kWh":
            return Decimal(used.kwh), "kWh"
        case Charge.ENERGY:
            return Decimal(used.kwh).scaleb(-3), "MWh"
        case Charge.POWER:
            return part.power.kw if part.power else Decimal(0), "kW/month" if is_monthly(rate) else "kW"
        case Charge.FIXED:
            return Decimal(1), "month" if is_monthly(rate) else "year"
        case Charge.VOLUME:
            against = used.network_l_per_mwh if rate.is_against_network else _thousandths(rate.against)
            millilitres = (used.litres or 0) * 1_000 - used.kwh * (against or 0)
            return Decimal(_counted(millilitres, rate)).scaleb(-6), "m³"
        case Charge.RETURN_TEMPERATURE:
            against = used.network_return_centi_c if rate.is_against_network else _hundredths(rate.against)
            above = (used.return_centi_c or 0) - (against or 0)
            return Decimal(used.kwh * _counted(above, rate)).scaleb(-5), "MWh·°C"
        case Charge.OVERRUN:
            return Decimal(used.overrun_centi_kw).scaleb(-2), "kW"


def _counted(deviation: int, rate: Rate) -> int:
    least, most = counted_bounds(rate)
    return min(max(deviation, least), most)


def _thousandths(value: Decimal | None) -> int:
    return int((value or Decimal(0)) * 1_000)


def _hundredths(value: Decimal | None) -> int:
    return int((value or Decimal(0)) * 100)


def _of_days(part: Part, rate: Rate) -> int:
    """Give the days of the year that a price is for, or of the month."""
    return month_span(part.first.replace(day=1)).days if is_monthly(rate) else days_of_year(part.first.year)
