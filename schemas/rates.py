"""What a price list comes down to: a flat list of prices, each with the days and the band that it counts in."""

from collections.abc import Iterable, Iterator
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from schemas.price_list_terms import (
    CountedDeviation,
    Counts,
    Extension,
    PricedPeriod,
    PriceListTerms,
)
from schemas.tariffs import (
    EfficiencyComponent,
    EnergyComponent,
    FixedComponent,
    MeasurementMethod,
    PowerComponent,
    ReferenceSource,
    Tariff,
)


class Rate(NamedTuple):
    """One price. charge: what for, in the words that invoice lines have."""

    charge: str
    band: int
    reference: str
    name: str
    first: date
    end: date
    """The first day that it does not count on any more."""
    price: Decimal
    """In kr, excluding VAT."""
    per: str
    """P1Y or P1M of a fixed one, MWh or kWh of energy, kW (and year) or kW/P1M of power, else m³, MWh·°C."""
    against: Decimal | None = None
    """What the quantity is held against: °C of a return temperature, m3/MWh of a volume."""
    is_against_network: bool = False
    counts: str = Counts.BOTH.value
    """Which side of what it is held against counts: both, above or below."""
    at_most: Decimal | None = None
    """How much of a deviation counts at most, above and below alike: °C of a return temperature; None for all."""


_Component = FixedComponent | EnergyComponent | PowerComponent | EfficiencyComponent


def rates(terms: PriceListTerms) -> list[Rate]:
    """Give every price of a price list. What has no price of its own, spot and dynamic ones, is left out."""
    power_per = "kW/P1M" if terms.extension.power_priced_period is PricedPeriod.MONTH else "kW"
    found: list[Rate] = []
    for band, (tariff, _) in enumerate(terms.bands()):
        found += [rate for rate in _rates(tariff, band, terms.extension, power_per) if rate is not None]
    return found + list(_overrun(terms))


def counts_power(terms: PriceListTerms, known: Iterable[Rate], first: date, end: date) -> bool:
    """Tell whether a power is priced on some of the days from one to another, or chooses the band of other prices."""
    is_priced = any(one.charge == "power" and one.first < end and first < one.end for one in known)
    return is_priced or len(terms.tariffs) > 1


def limits_kw(terms: PriceListTerms) -> list[Decimal]:
    """Give the highest power of each band but the last."""
    return [limit for _, limit in terms.bands() if limit is not None]


def _rates(tariff: Tariff, band: int, extension: Extension, power_per: str) -> Iterator[Rate | None]:
    yield from (_rate("fixed", band, one, one.priced_period) for one in tariff.fixed_price.components)
    yield from (_rate("energy", band, one, one.unit) for one in tariff.energy_price.components)
    yield from (_rate("power", band, one, power_per) for one in tariff.power_price.components)
    yield from (_efficiency(one, band, extension) for one in tariff.efficiency_price.components)


def _efficiency(one: EfficiencyComponent, band: int, extension: Extension) -> Rate | None:
    held = _held(one, band, extension)
    known = {counted.reference: counted for counted in extension.counted_deviations}
    counted = known.get(one.reference, CountedDeviation(reference=one.reference))
    return held and held._replace(counts=counted.counts.value, at_most=counted.at_most_c)


def _held(one: EfficiencyComponent, band: int, extension: Extension) -> Rate | None:
    if one.measurement_method is MeasurementMethod.RETURN_TEMPERATURE:
        held = one.return_temperature_settings
        of_network = held is None or held.reference_source is ReferenceSource.SYSTEM_AVERAGE
        against = None if of_network or held is None else held.fixed_reference_temperature
        return _rate("return_temperature", band, one, "MWh·°C", against, of_network)
    known = next((volume for volume in extension.volume_references if volume.reference == one.reference), None)
    of_network = known is not None and known.reference_source is ReferenceSource.SYSTEM_AVERAGE
    return _rate("volume", band, one, "m³", None if known is None else known.m3_per_mwh, of_network)


def _rate(
    charge: str, band: int, one: _Component, per: str, against: Decimal | None = None, of_network: bool = False
) -> Rate | None:
    if one.price is None:
        return None
    first, end = one.valid_period.from_including, one.valid_period.to_excluding
    return Rate(charge, band, one.reference, one.name, first, end, one.price.price_ex_vat, per, against, of_network)


def _overrun(terms: PriceListTerms) -> Iterator[Rate]:
    if terms.extension.overrun_per_kw is None:
        return
    period, price = terms.valid_period, terms.extension.overrun_per_kw.price_ex_vat
    for band, _ in enumerate(terms.tariffs):
        yield Rate("overrun", band, "overrun", "", period.from_including, period.to_excluding, price, "kW")
