"""Price lists in short, expanded to tariffs of the draft standard: one for each band, seasons as days of each year."""

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo

from schemas.peaks import PEAK_RULES, PeakRule
from schemas.price_list_terms import (
    Band,
    CountedDeviation,
    Counts,
    Extension,
    Option,
    PowerMethod,
    PricedPeriod,
    PriceListTerms,
    VolumeReference,
    WeightedBy,
)
from schemas.short_price_lists import (
    MONTHS,
    EnergyBand,
    EnergyInShort,
    FixedInShort,
    OptionInShort,
    PowerBand,
    PowerInShort,
    ReturnTemperatureInShort,
    ShortPriceList,
    VolumeInShort,
    YearlyEnergyInShort,
)
from schemas.tariffs import (
    MAIN,
    CostFunction,
    DateInterval,
    EfficiencyComponent,
    EfficiencyPrice,
    EnergyComponent,
    EnergyPrice,
    FixedComponent,
    FixedPrice,
    MeasurementMethod,
    PeakIdentificationSettings,
    PowerComponent,
    PowerPrice,
    Price,
    ReferenceSource,
    ReturnTemperatureSettings,
    Tariff,
)


def _settings(rule: PeakRule) -> PeakIdentificationSettings:
    """Say peaks as the draft does: within a period shorter than the billing period, those of that one are averaged.

    It has no field for one hour a day of a whole year: that is said in words.
    """
    return PeakIdentificationSettings(
        peak_identification_period="P1D" if rule.is_of_month else "P1Y",
        peak_duration="PT1H" if rule.is_of_hours else "P1D",
        number_of_peaks_for_average_calculation=rule.number,
    )


HIGHEST_HOUR_OF_A_YEAR = _settings(PeakRule(1, is_of_hours=True, is_of_month=False))
PEAKS = {
    PowerMethod.GOTEBORG: _settings(PeakRule(3, is_of_hours=False, is_of_month=False)),
    PowerMethod.COOLING_PEAK: HIGHEST_HOUR_OF_A_YEAR,
    **{PowerMethod(name): _settings(rule) for name, rule in PEAK_RULES.items()},
}
"""The methods that are peaks as the draft knows them; of the others it is said in words."""
MEASURED = {
    PowerMethod.MINUS_FIVE: "Den högsta timmedeleffekten vid −5 °C, avläst på en linje genom vinterns dygn.",
    PowerMethod.GOTEBORG: "Medel av de tre högsta dygnsmedeleffekterna under tolv månader.",
    PowerMethod.STOCKHOLM_EXERGI: "Dygnsmedeleffekten på vardagar vid −15 °C, avläst på en linje.",
    PowerMethod.NORRENERGI: "Dygnsmedeleffekten på vardagar vid −13 °C, avläst på en linje.",
    PowerMethod.TEKNISKA_VERKEN: "Dygnsmedeleffekten vid −17,6 °C, avläst på en linje.",
    PowerMethod.CATEGORY_NUMBER: "Normalårets energi delad med kategorins timmar.",
    PowerMethod.CUSTOMER_CHOSEN: "Vald av kunden.",
    PowerMethod.YEARLY_ENERGY: "Normalårets energi i MWh.",
    PowerMethod.COOLING_PEAK: "Den högsta timmedeleffekten under tolv månader.",
    **{PowerMethod(name): f"{rule.said('sv')}.".capitalize() for name, rule in PEAK_RULES.items()},
}
NETWORK_MEAN = "nätets medel"
YEARLY_ENERGY = "yearly_energy"
"""The reference of what a band of the yearly energy costs."""
ZONE = "Europe/Stockholm"
ALL_POWERS = PowerBand(from_kw=Decimal(0), to_kw=None, per_kw_year=Decimal(0))
YEARS = r"(?<!\d)(?:19|20)\d\d(?:[/–-](?:\d\d){1,2})?(?!\d)"
"""Years in a name: 2026, 2025/26, 2025–2026."""
MICRO = Decimal("0.000001")
Kind = TypeVar("Kind")


def expanded(short: ShortPriceList) -> PriceListTerms:
    """Give the price list as tariffs. The same in short gives the same, ids and all."""
    power = next(iter(_all(short, PowerInShort)), None)
    yearly = next(iter(_all(short, YearlyEnergyInShort)), None)
    measured = power or yearly
    bands: Sequence[PowerBand | EnergyBand] = measured.bands if measured else (ALL_POWERS,)
    return PriceListTerms(
        tariffs=tuple(_Band(short, band).tariff() for band in bands),
        extension=Extension(
            name=short.name,
            status=short.status,
            medium=short.medium,
            categories=short.categories,
            base_load=short.base_load,
            power_method=PowerMethod.YEARLY_ENERGY if yearly else power and power.method,
            power_changes_on=measured and measured.changes_on,
            power_priced_period=PricedPeriod.MONTH if power and power.bands[0].is_monthly else PricedPeriod.YEAR,
            bands=tuple(Band(product=_product(short, one), from_kw=one.low, to_kw=one.high) for one in bands)
            if len(bands) > 1
            else (),
            vat_percent=short.vat_percent,
            return_temperature_weighted_by=next(
                (one.weighted_by for one in _all(short, ReturnTemperatureInShort)), WeightedBy.ENERGY
            ),
            volume_references=tuple(_volume_references(short)),
            counted_deviations=tuple(_counted_deviations(short)),
            overrun_per_kw=None
            if power is None or power.overrun_per_kw is None
            else _price(short, power.overrun_per_kw),
            utilisation_hours=power.utilisation_hours if power else (),
            options=tuple(_option(short, one) for one in short.options),
        ),
    )


def _all(short: ShortPriceList, kind: type[Kind]) -> list[Kind]:
    return [one for one in short.components if isinstance(one, kind)]


def _product(short: ShortPriceList, band: PowerBand | EnergyBand) -> str:
    """Name a band so that it has the same name in every year's version."""
    words = re.findall(r"[a-zåäö]+|\d+", re.sub(YEARS, " ", short.name.lower()))
    unit = "mwh" if isinstance(band, EnergyBand) else "kw"
    span = f"{band.low.normalize():f}-{band.high.normalize():f}{unit}" if band.high else f"{band.low:f}{unit}"
    return ".".join((short.medium.value, "consume", "-".join(words) or "list", span))


def _volume_references(short: ShortPriceList) -> Iterator[VolumeReference]:
    for place, one in enumerate(_all(short, VolumeInShort)):
        if one.held_against is not None:
            yield VolumeReference(
                reference=_numbered("volume", place), reference_source=one.held_against, m3_per_mwh=one.m3_per_mwh
            )


def _counted_deviations(short: ShortPriceList) -> Iterator[CountedDeviation]:
    for place, one in enumerate(_all(short, ReturnTemperatureInShort)):
        if one.counts is not Counts.BOTH or one.at_most_c is not None:
            yield CountedDeviation(
                reference=_numbered("return_temperature", place), counts=one.counts, at_most_c=one.at_most_c
            )
    for place, volume in enumerate(_all(short, VolumeInShort)):
        if volume.counts is not Counts.BOTH:
            yield CountedDeviation(reference=_numbered("volume", place), counts=volume.counts)


def _option(short: ShortPriceList, one: OptionInShort) -> Option:
    prices = {"per_year": one.per_year, "per_month": one.per_month, "per_mwh": one.per_mwh}
    priced = {name: _price(short, price) for name, price in prices.items() if price is not None}
    return Option(reference=one.reference, name=one.name, description=one.description, **priced)


def _numbered(name: str, place: int) -> str:
    return name if place == 0 else f"{name}_{place + 1}"


def _spans(short: ShortPriceList, months: Sequence[int]) -> Iterator[DateInterval]:
    """Give the days of those months, year by year; months of a year that follow each other are one span."""
    for year in range(short.valid_from.year, short.end.year + 1):
        for first, last in _runs(months):
            begin = max(date(year, first, 1), short.valid_from)
            end = min(date(year + last // 12, last % 12 + 1, 1), short.end)
            if begin < end:
                yield DateInterval(from_including=begin, to_excluding=end)


def _runs(months: Sequence[int]) -> list[tuple[int, int]]:
    """Give the first and the last of months that follow each other."""
    named = sorted(set(months))
    firsts = [month for month in named if month - 1 not in named]
    lasts = [month for month in named if month + 1 not in named]
    return list(zip(firsts, lasts, strict=True))


class _Band:
    """One band of a price list in short, as a tariff."""

    def __init__(self, short: ShortPriceList, band: PowerBand | EnergyBand) -> None:
        self._short, self._band = short, band
        self._product = _product(short, band)
        self._whole = DateInterval(from_including=short.valid_from, to_excluding=short.end)

    def tariff(self) -> Tariff:
        """Give the tariff."""
        short = self._short
        return Tariff(
            id=self._id("tariff"),
            name=short.name,
            published=datetime.combine(short.valid_from, datetime.min.time(), ZoneInfo(ZONE)),
            time_zone=ZONE,
            valid_period=self._whole,
            company_name=short.company_name,
            company_org_no=short.company_org_no,
            product=self._product,
            billing_period="P1M",
            fixed_price=FixedPrice(**self._group("Fast avgift", CostFunction.FIXED), components=tuple(self._fixed())),
            energy_price=EnergyPrice(**self._group("Energi", CostFunction.ENERGY), components=tuple(self._energy())),
            power_price=PowerPrice(**self._group("Effekt", CostFunction.POWER), components=tuple(self._power())),
            efficiency_price=EfficiencyPrice(
                **self._group("Effektivitet", self._efficiency_function()), components=tuple(self._efficiency())
            ),
        )

    def _fixed(self) -> Iterator[FixedComponent]:
        for place, one in enumerate(_all(self._short, FixedInShort)):
            reference = _numbered("subscription", place)
            monthly, yearly = one.amount_per_month, one.amount_per_year
            amount, period = (yearly, "P1Y") if yearly is not None else (monthly or Decimal(0), "P1M")
            named = self._component(one.name or "Fast avgift", reference, self._whole, amount)
            yield FixedComponent(**named, priced_period=period)
        yield from (
            self._fixed_of_energy(self._band)
            if isinstance(self._band, EnergyBand)
            else self._fixed_of_power(self._band)
        )

    def _fixed_of_power(self, band: PowerBand) -> Iterator[FixedComponent]:
        period = "P1M" if band.is_monthly else "P1Y"
        for span in self._power_spans():
            yield FixedComponent(**self._component("Effekt, fast del", MAIN, span, band.fixed), priced_period=period)

    def _fixed_of_energy(self, band: EnergyBand) -> Iterator[FixedComponent]:
        for amount, period in ((band.fixed_per_year, "P1Y"), (band.fixed_per_month, "P1M")):
            if amount is not None:
                named = self._component(f"Fast avgift, {_energy_span(band)}", YEARLY_ENERGY, self._whole, amount)
                yield FixedComponent(**named, priced_period=period)

    def _energy(self) -> Iterator[EnergyComponent]:
        for place, one in enumerate(_all(self._short, EnergyInShort)):
            for season in one.seasons:
                reference = _numbered(season.name.lower(), place)
                for span in _spans(self._short, season.months):
                    yield EnergyComponent(
                        **self._component(season.name, reference, span, season.price_per_mwh), unit="MWh"
                    )
        if isinstance(self._band, EnergyBand) and self._band.per_mwh is not None:
            yield EnergyComponent(
                **self._component(_energy_span(self._band), YEARLY_ENERGY, self._whole, self._band.per_mwh), unit="MWh"
            )

    def _power(self) -> Iterator[PowerComponent]:
        for one in _all(self._short, PowerInShort):
            for span in self._power_spans():
                yield PowerComponent(
                    **self._component("Effekt", MAIN, span, _per_kw(self._band)),
                    description=MEASURED[one.method],
                    unit="kW",
                    peak_identification_settings=PEAKS.get(one.method, HIGHEST_HOUR_OF_A_YEAR),
                )

    def _power_spans(self) -> Iterator[DateInterval]:
        for one in _all(self._short, PowerInShort):
            yield from [self._whole] if set(one.months) == MONTHS else _spans(self._short, one.months)

    def _efficiency(self) -> Iterator[EfficiencyComponent]:
        for place, one in enumerate(_all(self._short, ReturnTemperatureInShort)):
            name, reference = _return_temperature_name(one), _numbered("return_temperature", place)
            for span in _spans(self._short, one.months):
                yield EfficiencyComponent(
                    **self._component(name, reference, span, one.price_per_mwh_c),
                    unit="MWh·°C",
                    measurement_method=MeasurementMethod.RETURN_TEMPERATURE,
                    return_temperature_settings=_held_against(one),
                )
        for place, volume in enumerate(_all(self._short, VolumeInShort)):
            name, reference = _volume_name(volume), _numbered("volume", place)
            for span in _spans(self._short, volume.months):
                yield EfficiencyComponent(**self._component(name, reference, span, volume.price_per_m3), unit="m³")

    def _efficiency_function(self) -> CostFunction:
        has_returns = bool(_all(self._short, ReturnTemperatureInShort))
        return CostFunction.RETURN_TEMPERATURE if has_returns else CostFunction.VOLUME

    def _group(self, name: str, function: CostFunction) -> dict[str, Any]:
        return {"id": self._id(name), "name": name, "cost_function": function}

    def _component(self, name: str, reference: str, span: DateInterval, price: Decimal) -> dict[str, Any]:
        return {
            "id": self._id(name, reference, span.from_including.isoformat()),
            "name": name,
            "reference": reference,
            "valid_period": span,
            "price": _price(self._short, price),
        }

    def _id(self, *names: str) -> UUID:
        return uuid5(NAMESPACE_URL, "/".join((self._product, self._short.valid_from.isoformat(), *names)))


def _price(short: ShortPriceList, amount: Decimal) -> Price:
    with_vat = (100 + short.vat_percent) / 100
    if short.prices_include_vat:
        ex_vat, inc_vat = _shortened(amount / with_vat), amount
    else:
        ex_vat, inc_vat = amount, _shortened(amount * with_vat)
    return Price(price_ex_vat=ex_vat, price_inc_vat=inc_vat, currency=short.currency)


def _shortened(amount: Decimal) -> Decimal:
    return amount.quantize(MICRO).normalize() + 0


def _held_against(one: ReturnTemperatureInShort) -> ReturnTemperatureSettings:
    if one.reference_c is None:
        return ReturnTemperatureSettings(measurement_period="P1M")
    return ReturnTemperatureSettings(
        reference_source=ReferenceSource.FIXED, fixed_reference_temperature=one.reference_c, measurement_period="P1M"
    )


_SIDE = {Counts.BOTH: "", Counts.ABOVE: " över {}", Counts.BELOW: " under {}"}


def _return_temperature_name(one: ReturnTemperatureInShort) -> str:
    """Say in the name what counts: the draft has no field for it, and an invoice's line is to explain itself."""
    reference = NETWORK_MEAN if one.reference_c is None else f"{_in_words(one.reference_c)} °C"
    end = "" if one.at_most_c is None else f", högst {_in_words(one.at_most_c)} °C räknas"
    return "Returtemperatur" + _SIDE[one.counts].format(reference) + end


def _volume_name(one: VolumeInShort) -> str:
    reference = NETWORK_MEAN if one.m3_per_mwh is None else f"{_in_words(one.m3_per_mwh)} m³/MWh"
    return "Flöde" + _SIDE[one.counts].format(reference)


def _energy_span(band: EnergyBand) -> str:
    if band.to_mwh is None:
        return f"över {_in_words(band.from_mwh)} MWh per år"
    return f"{_in_words(band.from_mwh)}–{_in_words(band.to_mwh)} MWh per år"


def _per_kw(band: PowerBand | EnergyBand) -> Decimal:
    return band.per_kw if isinstance(band, PowerBand) else Decimal(0)


def _in_words(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")
