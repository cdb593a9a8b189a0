"""Price lists as people write them: in short, or as tariffs, where ids may be left out."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from schemas.expanded_price_lists import expanded
from schemas.price_list_terms import PriceListTerms
from schemas.short_price_lists import ShortPriceList
from services.contracts.core.price_list_rules import Fault
from services.contracts.core.refusals import FaultyPriceListError
from services.contracts.core.short_price_list_rules import leaves, short_faults

GROUPS = ("fixedPrice", "energyPrice", "powerPrice", "efficiencyPrice")
Document = Mapping[str, Any]

MEASURED = ("powerPrice", "yearlyEnergyPrice")
"""The components of a list in short that something is measured for."""


def price_list(document: Document) -> PriceListTerms:
    """Read a price list in either form.

    Raises pydantic.ValidationError where the form does not fit, and FaultyPriceListError for what the form allows and
    tariffs could not be made or stored of.
    """
    if "tariffs" not in document:
        short = ShortPriceList.model_validate(document)
        _refuse([*_of_texts(document), *short_faults(short)])
        return expanded(short)
    tariffs = document["tariffs"]
    filled = [_with_ids(one) for one in tariffs] if isinstance(tariffs, list) else tariffs
    terms = PriceListTerms.model_validate({**document, "tariffs": filled})
    _refuse(list(_of_texts(document)))
    return terms


def as_written(document: Document, found: Iterable[Fault]) -> list[Fault]:
    """Name faults of tariffs where the writer of a list in short finds them, each once for all bands."""
    if "tariffs" in document:
        return list(found)
    kinds = [one.get("type") for one in document["components"]]
    measured = next((place for place, kind in enumerate(kinds) if kind in MEASURED), None)
    power = "components" if measured is None else f"components[{measured}]"
    return list(dict.fromkeys(Fault(_in_short(one.where, power), one.what) for one in found))


def _in_short(where: str, power: str) -> str:
    """Give a place of the tariffs as that of a list in short; power: where that has its price of power."""
    if where.startswith("tariffs["):
        return "components"
    if where == "validPeriod":
        return "valid_from"
    own = re.sub("[A-Z]", lambda letter: f"_{letter[0].lower()}", where.removeprefix("extension."))
    is_of_power = own.startswith(("power_method", "power_changes_on", "utilisation_hours", "overrun_per_kw"))
    return f"{power}.{own.removeprefix('power_')}" if is_of_power else own


def _refuse(found: list[Fault]) -> None:
    if found:
        raise FaultyPriceListError(found)


def _of_texts(document: Document) -> Iterator[Fault]:
    for place, value in leaves(document):
        if not isinstance(value, str):
            continue
        if "\0" in value:
            yield Fault(place, "holds the character NUL (\\u0000), which cannot be stored; leave it out")
        if place.lower().endswith("name") and not value.strip():
            yield Fault(place, "is blank; write a name, which customers read")


def _with_ids(tariff: Any) -> Any:
    """Give a tariff and all its parts an id, made of what they are named by, where they have none."""
    if not isinstance(tariff, Mapping):
        return tariff
    own = [tariff.get("product"), _first_day(tariff)]
    groups = {name: _group_with_ids(tariff[name], [*own, name]) for name in GROUPS if name in tariff}
    return {"id": _made(own), **tariff, **groups}


def _group_with_ids(group: Any, own: Sequence[Any]) -> Any:
    if not isinstance(group, Mapping):
        return group
    components = group.get("components")
    filled = list(_components_with_ids(components, own)) if isinstance(components, list) else components
    return {"id": _made(own), **group, "components": filled}


def _components_with_ids(components: Sequence[Any], own: Sequence[Any]) -> Iterator[Any]:
    for one in components:
        is_object = isinstance(one, Mapping)
        yield {"id": _made([*own, one.get("reference"), _first_day(one)]), **one} if is_object else one


def _first_day(document: Document) -> Any:
    period = document.get("validPeriod")
    return period.get("fromIncluding") if isinstance(period, Mapping) else None


def _made(names: Sequence[Any]) -> str:
    return str(uuid5(NAMESPACE_URL, "/".join(map(str, names))))


def period_fault(known: Sequence[PriceListTerms], terms: PriceListTerms) -> Fault | None:
    """Say what is wrong with when a new version begins beside the versions that are known; None where nothing is.

    A version counts until its period ends or the next one begins. So it may begin on the day that an earlier one did,
    in whose place it then is, or later than all, and no day may be left between.
    """
    if not known:
        return None
    begins = terms.valid_period.from_including
    others = [one.valid_period for one in known]
    last_begin, last_end = (max(one.from_including for one in others), max(one.to_excluding for one in others))
    if begins > last_end:
        told = f"begins on {begins}, and the version before counts until {last_end}: days between would have no price"
        return Fault("validPeriod", f"{told}; begin on {last_end} or before")
    if begins < last_begin and all(begins != one.from_including for one in others):
        told = f"begins on {begins}, before the newest version, which begins on {last_begin}"
        return Fault("validPeriod", f"{told}; begin on the day of the version that it is to replace, or later than all")
    return None
