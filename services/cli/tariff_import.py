"""Price lists made of another utility's tariffs: which belong together, and what the draft does not say of them."""

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import NamedTuple

import typer

from deploy.local.folder import StackError
from schemas.expanded_price_lists import PEAKS
from schemas.peaks import PEAK_RULES
from schemas.price_list_terms import Band, Extension, PowerMethod, PriceListStatus, PriceListTerms
from schemas.tariffs import PeakIdentificationSettings, Tariff
from services.cli.tariff_servers import Offer, named_days
from services.common.problems import written

RECOGNISED = {
    **{
        PEAKS[PowerMethod(name)]: PowerMethod(name)
        for name, rule in PEAK_RULES.items()
        if rule.is_of_month or not rule.is_of_hours
    },
    PEAKS[PowerMethod.GOTEBORG]: PowerMethod.GOTEBORG,
}
"""How power is measured by what the draft says of it. Hours of a year are not recognised: the draft takes several of a
day, and one hour stands where it cannot say how a power is measured."""


PEAK_OF_MAIN = PEAKS[PowerMethod.GOTEBORG].peak_function


class Wanted(NamedTuple):
    """What was asked for. bands: the powers of each product; without them a price list has one product."""

    products: Sequence[str]
    bands: Sequence[Band]
    name: str | None
    power_method: PowerMethod | None


def band(text: str) -> Band:
    """Read a band as in heat.std.100kw=0-100, without an upper end as in heat.std.max=100-. Raises BadParameter."""
    found = re.fullmatch(r"(.{1,200})=([0-9]{1,7}(?:\.[0-9]{1,2})?)-([0-9]{1,7}(?:\.[0-9]{1,2})?)?", text)
    if found is None:
        raise typer.BadParameter("write a product and its kW as in heat.std.100kw=0-100, and the last as in …=100-")
    upper = Decimal(found[3]) if found[3] else None
    return Band(product=found[1], from_kw=Decimal(found[2]), to_kw=upper)


def price_lists(offer: Offer, wanted: Wanted) -> list[PriceListTerms]:
    """Make the drafts that were asked for, a version for each period, the earliest first. Raises StackError."""
    tariffs = _chosen(offer, wanted)
    missing = named_days(tariffs) - {pattern.reference for pattern in offer.calendar_patterns}
    if missing:
        named = written(", ".join(sorted(missing)), 300)
        raise StackError(f"the tariffs name days that calendarPatterns does not: {named}")
    tariffs.sort(key=_period)
    return [_version(offer, wanted, list(same)) for _, same in groupby(tariffs, key=_period)]


def _period(tariff: Tariff) -> tuple[str, str]:
    period = tariff.valid_period
    return period.from_including.isoformat(), period.to_excluding.isoformat()


def _chosen(offer: Offer, wanted: Wanted) -> list[Tariff]:
    names = list(wanted.products) or [one.product for one in wanted.bands]
    for one in offer.unreadable:
        if not names or one.product in names:
            raise StackError(f"{one.product} cannot be read: {'; '.join(one.why[:5])}")
    unknown = [name for name in names if name not in {tariff.product for tariff in offer.tariffs}]
    if unknown:
        raise StackError(f"there is no product '{unknown[0]}' there; without --as its products are listed")
    chosen = [tariff for tariff in offer.tariffs if not names or tariff.product in names]
    products = sorted({tariff.product for tariff in chosen})
    if len(products) > 1 and sorted(one.product for one in wanted.bands) != products:
        told = f"{len(products)} products are meant, and nothing there says whether they are bands of one price list"
        raise StackError(f"{told}; choose one by --product, or say of each which powers it is for by --band")
    if not chosen:
        raise StackError("there are no tariffs there; nothing was taken")
    return chosen


def _version(offer: Offer, wanted: Wanted, tariffs: list[Tariff]) -> PriceListTerms:
    names = named_days(tariffs)
    extension = Extension(
        name=wanted.name or tariffs[0].name,
        status=PriceListStatus.DRAFT,
        power_method=wanted.power_method or _power_method(tariffs),
        bands=tuple(wanted.bands) if len(tariffs) > 1 else (),
    )
    days = tuple(one for one in offer.calendar_patterns if one.reference in names)
    return PriceListTerms(tariffs=tuple(tariffs), calendar_patterns=days, extension=extension)


def _power_method(tariffs: list[Tariff]) -> PowerMethod | None:
    """Recognise how power is measured. Raises StackError where nothing here measures it like that."""
    measured = list(_measured(tariffs))
    if not measured:
        return None
    found = {_recognised(one) for one in measured}
    if len(found) > 1 or None in found:
        raise StackError("how the power is measured is not recognised; say it by --power-method")
    return found.pop()


def _recognised(settings: PeakIdentificationSettings | None) -> PowerMethod | None:
    # By its reference alone a component says whose peak it is.
    return RECOGNISED.get(settings.model_copy(update={"peak_function": PEAK_OF_MAIN})) if settings else None


def _measured(tariffs: list[Tariff]) -> Iterator[PeakIdentificationSettings | None]:
    for tariff in tariffs:
        yield from (one.peak_identification_settings for one in tariff.power_price.components)
