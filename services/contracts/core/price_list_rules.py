"""What a price list must be for contracts to be billed by it: each fault with its place and a way out.

They hold for what is put. What is stored was put under the rules of its day, and stays readable.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import NamedTuple

from schemas.expanded_price_lists import PEAKS
from schemas.price_list_terms import Counts, PowerMethod, PriceListStatus, PriceListTerms
from schemas.tariffs import (
    CostFunction,
    DateInterval,
    EfficiencyComponent,
    EnergyComponent,
    FixedComponent,
    MeasurementMethod,
    PeakIdentificationSettings,
    PowerComponent,
    Price,
    ReferenceSource,
    Tariff,
)
from schemas.values import KEY_PATTERN, KEY_WORDS, Medium
from services.contracts.core.documents import EARLIEST, LATEST

CURRENCY = "SEK"
ENERGY_UNITS = ("MWh", "kWh")
EFFICIENCY_UNITS = {
    MeasurementMethod.VOLUME: ("m³", "m3"),
    MeasurementMethod.RETURN_TEMPERATURE: ("MWh·°C",),
}
COST_FUNCTIONS = {
    "fixedPrice": (CostFunction.FIXED,),
    "energyPrice": (CostFunction.ENERGY,),
    "powerPrice": (CostFunction.POWER,),
    "efficiencyPrice": (CostFunction.VOLUME, CostFunction.RETURN_TEMPERATURE),
}
METHODS_OF = {
    PowerMethod.MINUS_FIVE: Medium.HEAT,
    PowerMethod.STOCKHOLM_EXERGI: Medium.HEAT,
    PowerMethod.NORRENERGI: Medium.HEAT,
    PowerMethod.TEKNISKA_VERKEN: Medium.HEAT,
    PowerMethod.CATEGORY_NUMBER: Medium.HEAT,
    PowerMethod.COOLING_PEAK: Medium.COOLING,
    PowerMethod.YEARLY_ENERGY: Medium.HEAT,
}
"""The methods that measure one medium alone: those that rest on cold days or a normal year's heat, and cooling's."""
Component = FixedComponent | EnergyComponent | PowerComponent | EfficiencyComponent


class Fault(NamedTuple):
    """What is wrong where; a place as in `tariffs[0].energyPrice.components[2].unit`."""

    where: str
    what: str


def faults(terms: PriceListTerms) -> list[Fault]:
    """Find all that is wrong with a price list. A draft may lack prices, and have ones that nobody could bill."""
    return [
        *_of_bands(terms),
        *(
            fault
            for place, tariff in enumerate(terms.tariffs)
            for fault in _of_tariff(terms, tariff, f"tariffs[{place}]")
        ),
        *_of_extension(terms),
    ]


def of_day(day: date, where: str, instead: str = "") -> Iterator[Fault]:
    """Find a day that no contract can have; instead: what to write where it means that nothing ends."""
    if not EARLIEST <= day <= LATEST:
        yield Fault(where, f"is {day}; write a day from {EARLIEST} to {LATEST}{instead}")


def _of_bands(terms: PriceListTerms) -> Iterator[Fault]:
    bands, products = terms.extension.bands, [tariff.product for tariff in terms.tariffs]
    if len(products) == 1 and not bands:
        return
    where = "extension.bands"
    if Counter(band.product for band in bands) != Counter(products):
        yield Fault(where, "must name the product of each tariff once: a tariff is one band of power")
        return
    if bands[0].from_kw != 0:
        yield Fault(f"{where}[0].fromKw", "must be 0: the first band begins there")
    if bands[-1].to_kw is not None:
        yield Fault(f"{where}[{len(bands) - 1}].toKw", "must be left out: the last band has no upper end")
    for place, (lower, upper) in enumerate(pairwise(bands)):
        if lower.to_kw != upper.from_kw or upper.from_kw <= lower.from_kw:
            told = (
                f"is {upper.from_kw}, and the band before ends at {lower.to_kw}: each begins where the one before ends"
            )
            yield Fault(f"{where}[{place + 1}].fromKw", told)


def _of_tariff(terms: PriceListTerms, tariff: Tariff, where: str) -> Iterator[Fault]:
    if tariff.valid_period != terms.valid_period:
        yield Fault(f"{where}.validPeriod", "must be that of the first tariff: a version begins and ends at once")
    if terms.extension.status is not PriceListStatus.DRAFT:
        # Drafts are made of others' tariffs, too, which may say a day of the far future for until further notice.
        yield from of_day(tariff.valid_period.from_including, f"{where}.validPeriod.fromIncluding")
        yield from of_day(tariff.valid_period.to_excluding, f"{where}.validPeriod.toExcluding")
    if tariff.billing_period != "P1M":
        yield Fault(f"{where}.billingPeriod", f"is {tariff.billing_period}; invoices are monthly, write P1M")
    if tariff.direction != "consumption":
        yield Fault(f"{where}.direction", "is production; what is fed in is not settled here, write consumption")
    for name, function, components in _groups(tariff):
        if function not in COST_FUNCTIONS[name]:
            allowed = " or ".join(COST_FUNCTIONS[name])
            yield Fault(f"{where}.{name}.costFunction", f"is {function}; understood is {allowed}")
        yield from _of_group(terms, tariff, components, f"{where}.{name}.components")
    if terms.extension.status is not PriceListStatus.DRAFT:
        yield from _of_gaps(tariff, f"{where}.energyPrice.components")


def _groups(tariff: Tariff) -> Iterator[tuple[str, CostFunction, Sequence[Component]]]:
    yield "fixedPrice", tariff.fixed_price.cost_function, tariff.fixed_price.components
    yield "energyPrice", tariff.energy_price.cost_function, tariff.energy_price.components
    yield "powerPrice", tariff.power_price.cost_function, tariff.power_price.components
    yield "efficiencyPrice", tariff.efficiency_price.cost_function, tariff.efficiency_price.components


def _of_group(terms: PriceListTerms, tariff: Tariff, components: Sequence[Component], where: str) -> Iterator[Fault]:
    for place, one in enumerate(components):
        here = f"{where}[{place}]"
        if not _is_within(one.valid_period, tariff.valid_period):
            yield Fault(f"{here}.validPeriod", "reaches outside the tariff's validPeriod")
        yield from _of_price(terms, one, here)
        yield from _of_kind(terms, one, here)
        for other, before in enumerate(components[:place]):
            if before.reference == one.reference and _overlap(before.valid_period, one.valid_period):
                told = f"overlaps that of components[{other}], which has the same reference '{one.reference}'"
                yield Fault(f"{here}.validPeriod", f"{told}; what is meant to add up has a reference of its own")


def _of_price(terms: PriceListTerms, one: Component, where: str) -> Iterator[Fault]:
    stands_elsewhere = one.type in ("spot", "dynamic")
    if stands_elsewhere and terms.is_firm:
        yield Fault(f"{where}.type", f"is {one.type}: its price stands elsewhere, so nothing can be billed by it")
    if one.price is not None:
        yield from _of_amount(terms, one.price, f"{where}.price")
    elif not stands_elsewhere:
        yield Fault(f"{where}.price", "is missing")


def _of_amount(terms: PriceListTerms, price: Price, where: str) -> Iterator[Fault]:
    if price.currency != CURRENCY:
        yield Fault(f"{where}.currency", f"is {price.currency}; invoices are in {CURRENCY}")
    vat = terms.extension.vat_percent
    with_vat = price.price_ex_vat * (100 + vat) / 100
    given = price.price_inc_vat
    # To as many decimals as it is written with, two at least.
    if _rounded(with_vat, given) != given and _rounded(with_vat, Decimal("0.01")) != given:
        told = f"is {given}; {price.price_ex_vat} with {vat} % VAT is {with_vat.normalize():f}"
        yield Fault(f"{where}.priceIncVat", told)


def _rounded(amount: Decimal, like: Decimal) -> Decimal:
    exponent = like.as_tuple().exponent
    return amount.quantize(Decimal(1).scaleb(min(int(exponent), -2)), ROUND_HALF_UP)


def _of_kind(terms: PriceListTerms, one: Component, where: str) -> Iterator[Fault]:
    match one:
        case FixedComponent():
            if one.priced_period not in ("P1Y", "P1M"):
                told = f"is {one.priced_period}; a fixed price is by the year, P1Y, or by the month, P1M"
                yield Fault(f"{where}.pricedPeriod", told)
        case EnergyComponent():
            if one.unit not in ENERGY_UNITS:
                yield Fault(f"{where}.unit", f"is {one.unit}; energy is priced by MWh or kWh")
        case PowerComponent():
            yield from _of_peak(terms, one, where)
        case EfficiencyComponent():
            yield from _of_efficiency(one, where)
    if not isinstance(one, FixedComponent) and one.recurring_periods and terms.is_firm:
        yield Fault(f"{where}.recurringPeriods", "prices by the hour of the day cannot be billed; leave it out")


def _of_peak(terms: PriceListTerms, one: PowerComponent, where: str) -> Iterator[Fault]:
    if one.type == "dynamic":
        if one.url is None:
            yield Fault(f"{where}.url", "is missing: a dynamic price says where it stands")
        return
    settings = one.peak_identification_settings
    if one.unit not in (None, "kW"):
        yield Fault(f"{where}.unit", f"is {one.unit}; power is priced by kW")
    if settings is None:
        yield Fault(f"{where}.peakIdentificationSettings", "is missing: a peak says how it is found")
    elif settings.peak_function.replace(" ", "") != f"peak({one.reference})":
        told = f"is {settings.peak_function}; understood is peak({one.reference})"
        yield Fault(f"{where}.peakIdentificationSettings.peakFunction", told)
    method = terms.extension.power_method
    measured = PEAKS.get(method) if method and terms.is_firm else None
    if settings and measured and _peak(settings) != _peak(measured):
        told = f"says {_peak(settings)}, and powerMethod {method} is {_peak(measured)}"
        fitting = next((other for other in PEAKS if _fits(other, settings, terms.extension.medium)), None)
        instead = f"powerMethod {fitting}" if fitting else "another method"
        yield Fault(f"{where}.peakIdentificationSettings", f"{told}; write the same, or {instead}")


def _fits(method: PowerMethod, settings: PeakIdentificationSettings, medium: Medium) -> bool:
    return _peak(PEAKS[method]) == _peak(settings) and METHODS_OF.get(method, medium) == medium


def _peak(settings: PeakIdentificationSettings) -> str:
    found = settings.peak_identification_period, settings.peak_duration
    return "/".join((*found, str(settings.number_of_peaks_for_average_calculation)))


def _of_efficiency(one: EfficiencyComponent, where: str) -> Iterator[Fault]:
    units = EFFICIENCY_UNITS[one.measurement_method]
    if one.unit not in units:
        yield Fault(f"{where}.unit", f"is {one.unit}; {one.measurement_method} is priced by {units[0]}")
    if one.measurement_method is MeasurementMethod.VOLUME:
        return
    held = one.return_temperature_settings
    if held is None:
        yield Fault(f"{where}.returnTemperatureSettings", "is missing: it says what the temperature is held against")
    elif held.reference_source is ReferenceSource.FIXED and held.fixed_reference_temperature is None:
        told = "is missing, since referenceSource is fixed"
        yield Fault(f"{where}.returnTemperatureSettings.fixedReferenceTemperature", told)


def _of_gaps(tariff: Tariff, where: str) -> Iterator[Fault]:
    """Find days on which energy has no price."""
    known_until = tariff.valid_period.from_including
    for one in sorted(tariff.energy_price.components, key=lambda one: one.valid_period.from_including):
        if one.valid_period.from_including > known_until:
            yield _gap(where, known_until, one.valid_period.from_including)
        known_until = max(known_until, one.valid_period.to_excluding)
    if known_until < tariff.valid_period.to_excluding:
        yield _gap(where, known_until, tariff.valid_period.to_excluding)


def _gap(where: str, first: date, end: date) -> Fault:
    return Fault(where, f"no price of energy from {first} up to {end}; a list that lacks months is a draft (status)")


def _of_extension(terms: PriceListTerms) -> Iterator[Fault]:
    extension, has_power = terms.extension, terms.has_power_price
    if has_power and terms.is_firm and extension.power_method is None:
        yield Fault("extension.powerMethod", "is missing: a list that bills power says how it is measured")
    medium = METHODS_OF.get(extension.power_method) if extension.power_method else None
    if medium not in (None, extension.medium):
        told = f"is {extension.power_method}, which measures {medium} alone, and the list is for {extension.medium}"
        yield Fault("extension.powerMethod", f"{told}; write another method, or another medium")
    if terms.is_by_yearly_energy:
        yield from _of_yearly_energy(terms)
    if terms.is_by_months_peaks:
        yield from _of_months_peaks(terms)
    yield from _of_hours(terms)
    if extension.overrun_per_kw is not None and not has_power:
        yield Fault(
            "extension.overrunPerKw", "is above a power that the list bills; without a price of power leave it out"
        )
    if extension.overrun_per_kw is not None:
        yield from _of_amount(terms, extension.overrun_per_kw, "extension.overrunPerKw")
    yield from _of_options(terms)
    yield from _of_deviations(terms)
    volumes = {
        one.reference
        for tariff in terms.tariffs
        for one in tariff.efficiency_price.components
        if one.measurement_method is MeasurementMethod.VOLUME
    }
    for place, one in enumerate(extension.volume_references):
        where = f"extension.volumeReferences[{place}]"
        if one.reference not in volumes:
            yield Fault(f"{where}.reference", f"there is no price of a volume with the reference '{one.reference}'")
        if (one.reference_source is ReferenceSource.FIXED) != (one.m3_per_mwh is not None):
            yield Fault(f"{where}.m3PerMwh", "belongs to referenceSource fixed, and is needed there")


def _of_months_peaks(terms: PriceListTerms) -> Iterator[Fault]:
    extension, told = terms.extension, f"powerMethod {terms.extension.power_method} bills each month by its own power"
    if extension.overrun_per_kw is not None:
        yield Fault("extension.overrunPerKw", f"is above a power that customers choose, and {told}; leave it out")
    if extension.power_changes_on is not None:
        yield Fault("extension.powerChangesOn", f"is of a power that lasts, and {told}; leave it out")


def _of_yearly_energy(terms: PriceListTerms) -> Iterator[Fault]:
    if len(terms.tariffs) == 1:
        yield Fault("extension.bands", "is missing: powerMethod yearly_energy chooses a band by the normal year's MWh")
    for place, tariff in enumerate(terms.tariffs):
        if tariff.power_price.components:
            told = "powerMethod yearly_energy measures no power; leave its price out, or write another method"
            yield Fault(f"tariffs[{place}].powerPrice.components", told)


def _of_deviations(terms: PriceListTerms) -> Iterator[Fault]:
    extension = terms.extension
    priced = [one for tariff in terms.tariffs for one in tariff.efficiency_price.components]
    held = {one.reference for one in extension.volume_references}
    for place, counted in enumerate(extension.counted_deviations):
        where, name = f"extension.countedDeviations[{place}]", counted.reference
        methods = {one.measurement_method for one in priced if one.reference == name}
        if not methods:
            yield Fault(f"{where}.reference", f"there is no efficiency price with the reference '{name}'")
        if name in {other.reference for other in extension.counted_deviations[:place]}:
            yield Fault(f"{where}.reference", f"is that of another entry, '{name}'; say it once of each price")
        if MeasurementMethod.VOLUME not in methods:
            continue
        if counted.counts is not Counts.BOTH and name not in held:
            told = f"the volume of '{name}' is held against nothing; write a volumeReference of it, or leave this out"
            yield Fault(f"{where}.counts", told)
        if counted.at_most_c is not None:
            yield Fault(f"{where}.atMostC", f"'{name}' is a price of the volume, which has no °C; leave it out")


def _of_hours(terms: PriceListTerms) -> Iterator[Fault]:
    extension, where = terms.extension, "extension.utilisationHours"
    known = [one.category for one in extension.utilisation_hours]
    for place, category in enumerate(known):
        if category in known[:place]:
            yield Fault(f"{where}[{place}].category", f"is {category}, which has hours before; give each category once")
    if extension.power_method is not PowerMethod.CATEGORY_NUMBER:
        return
    if not known:
        yield Fault(where, "is missing: a category number divides energy by hours")
        return
    lacking = [category for category in extension.categories or () if category not in known]
    if lacking:
        yield Fault(where, f"lacks the hours of {', '.join(lacking)}, whose facilities may choose the list")


def _of_options(terms: PriceListTerms) -> Iterator[Fault]:
    options = terms.extension.options
    for place, one in enumerate(options):
        where = f"extension.options[{place}]"
        if not re.fullmatch(KEY_PATTERN, one.reference):
            # A contract names it, and could not.
            yield Fault(f"{where}.reference", KEY_WORDS)
        if one.reference in {other.reference for other in options[:place]}:
            yield Fault(f"{where}.reference", f"is that of another option, '{one.reference}'; give it one of its own")
        prices = (("perYear", one.per_year), ("perMonth", one.per_month), ("perMwh", one.per_mwh))
        if all(price is None for _, price in prices):
            yield Fault(f"{where}.perYear", "give the option a price: by the year or the month, for each MWh, or both")
        if one.per_year is not None and one.per_month is not None:
            yield Fault(f"{where}.perMonth", "write the price either by the year or by the month")
        for name, price in prices:
            if price is not None:
                yield from _of_amount(terms, price, f"{where}.{name}")


def _is_within(inner: DateInterval, outer: DateInterval) -> bool:
    return outer.from_including <= inner.from_including and inner.to_excluding <= outer.to_excluding


def _overlap(one: DateInterval, other: DateInterval) -> bool:
    return one.from_including < other.to_excluding and other.from_including < one.to_excluding
