"""Rates over time: of one component, or of the energy of a product, decided and forecast."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple
from uuid import UUID

from schemas.tariffs import DateInterval, EnergyComponent, FixedComponent, PowerComponent, Price
from services.contracts.core.tariff_answers import PriceListEntry, PricesResponse
from services.contracts.core.tariff_catalogue import Catalogue, Given
from services.contracts.core.tariff_spans import Component, common, left_of

CURRENCY = "SEK"
ENERGY_UNIT = "MWh"
PER_MWH = {"MWh": Decimal(1), "kWh": Decimal(1_000)}


class NotOfferedError(Exception):
    """The rate stands at a market or changes with the hour, which is not worked out here."""


class Window(NamedTuple):
    """The times that are asked for."""

    start: datetime
    end: datetime


class _Rate(NamedTuple):
    span: DateInterval
    ex_vat: Decimal
    inc_vat: Decimal
    created: datetime


def of_product(catalogue: Catalogue, product: str, window: Window) -> PricesResponse | None:
    """Give the rates of a product's energy, by the MWh; None where no price list has the product.

    Raises NotOfferedError.
    """
    decided, forecast = _counting(catalogue.decided, product), _counting(catalogue.forecast, product)
    if not decided and not forecast:
        return None
    taken = [span for _, spans in decided for span in spans]
    undecided = [(given, [part for span in spans for part in left_of(span, taken)]) for given, spans in forecast]
    return _answer(catalogue, window, ENERGY_UNIT, _of_energy(decided), _of_energy(undecided))


def of_component(catalogue: Catalogue, component_id: UUID, window: Window) -> PricesResponse | None:
    """Give the rate of a component; None where no public tariff has it. Raises NotOfferedError."""
    found = catalogue.component(component_id)
    if found is None:
        return None
    given, group, component = found
    unit = _unit(component)
    taken = [one.span for one in catalogue.decided if one.tariff.product == given.tariff.product]
    alike = [
        _Rate(part, *_amounts(other), one.version.recorded_at)
        for one, spans in _counting(catalogue.forecast, given.tariff.product)
        for other in getattr(one.tariff, group).components
        if other.reference == component.reference and _unit(other) == unit
        for span in spans
        if (within := common(other.valid_period, span)) is not None
        for part in left_of(within, taken)
    ]
    own = _Rate(component.valid_period, *_amounts(component), given.version.recorded_at)
    return _answer(catalogue, window, unit, [own], alike)


def _counting(known: Iterable[Given], product: str) -> list[tuple[Given, list[DateInterval]]]:
    """Give a product's tariffs with their days; where two price lists have the product, the one begun last counts."""
    ours = [one for one in known if one.tariff.product == product and one.is_public]
    ours.sort(key=lambda one: (one.span.from_including, one.version.recorded_at))
    return [(one, left_of(one.span, [newer.span for newer in ours[place + 1 :]])) for place, one in enumerate(ours)]


def _unit(component: Component) -> str:
    match component:
        case FixedComponent():
            return component.priced_period
        case PowerComponent():
            return "kW"
    return component.unit


def _amounts(component: Component) -> tuple[Decimal, Decimal]:
    price = _price(component)
    return price.price_ex_vat, price.price_inc_vat


def _price(component: Component) -> Price:
    is_by_the_hour = not isinstance(component, FixedComponent) and component.recurring_periods
    if component.price is None or component.type in ("spot", "dynamic") or is_by_the_hour:
        raise NotOfferedError
    return component.price


def _of_energy(tariffs: Iterable[tuple[Given, Sequence[DateInterval]]]) -> list[_Rate]:
    return [
        _Rate(span, ex_vat, inc_vat, given.version.recorded_at)
        for given, spans in tariffs
        for part in spans
        for span, ex_vat, inc_vat in _sums(given.tariff.energy_price.components, part)
    ]


def _sums(components: Sequence[EnergyComponent], span: DateInterval) -> Iterator[tuple[DateInterval, Decimal, Decimal]]:
    """Add up what counts at once, for each run of days on which it is the same."""
    within = [(one, days) for one in components if (days := common(one.valid_period, span)) is not None]
    changes: set[date] = {day for _, days in within for day in (days.from_including, days.to_excluding)}
    for first, end in pairwise(sorted(changes)):
        active = [one for one, days in within if days.from_including <= first < days.to_excluding]
        if active:
            prices = [(_price(one), PER_MWH[one.unit]) for one in active]
            yield (
                DateInterval(from_including=first, to_excluding=end),
                sum((price.price_ex_vat * factor for price, factor in prices), Decimal(0)),
                sum((price.price_inc_vat * factor for price, factor in prices), Decimal(0)),
            )


def _answer(
    catalogue: Catalogue, window: Window, unit: str, actual: Sequence[_Rate], preview: Sequence[_Rate]
) -> PricesResponse:
    forecast = _entries(catalogue, window, preview)
    return PricesResponse(
        currency=CURRENCY, unit=unit, actual=_entries(catalogue, window, actual), preview=forecast or None
    )


def _entries(catalogue: Catalogue, window: Window, rates: Sequence[_Rate]) -> tuple[PriceListEntry, ...]:
    return tuple(_within(catalogue, window, sorted(rates, key=lambda one: one.span.from_including)))


def _within(catalogue: Catalogue, window: Window, rates: Sequence[_Rate]) -> Iterator[PriceListEntry]:
    for rate in rates:
        start = max(catalogue.midnight(rate.span.from_including), window.start)
        end = min(catalogue.midnight(rate.span.to_excluding), window.end)
        if start < end:
            yield PriceListEntry(
                start=catalogue.local(start),
                end=catalogue.local(end),
                price_ex_vat=rate.ex_vat,
                price_inc_vat=rate.inc_vat,
                created=catalogue.local(rate.created),
            )
