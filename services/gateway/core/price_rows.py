"""Prices laid out for reading: what all bands share stands once, and the days of a season stand together."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

from services.gateway.core.formats import day_tick


class PriceRow(NamedTuple):
    """One price. from_kw, to_kw: None where all bands have it; days: empty where it counts all year."""

    component: str
    name: str
    price_kr: str
    per: str
    against: str | None
    is_against_network: bool
    counts: str
    at_most: str | None
    bands: tuple[tuple[str | None, str | None], ...]
    days: str


def price_rows(prices: Sequence[Mapping[str, Any]], language: str) -> list[PriceRow]:
    """Put prices together that differ in their days alone, and leave out bands where all have the same."""
    bands = {_band(one) for one in prices}
    days: dict[tuple[Any, ...], dict[str, None]] = {}
    of_bands: dict[tuple[Any, ...], dict[tuple[str | None, str | None], None]] = {}
    for one in prices:
        key = tuple(one[name] for name in _SAME)
        days.setdefault(key, {})[_days(one, language)] = None
        of_bands.setdefault(key, {})[_band(one)] = None
    found = []
    for key, spans in days.items():
        own = () if set(of_bands[key]) == bands else tuple(of_bands[key])
        found.append(PriceRow(**dict(zip(_SAME, key, strict=True)), bands=own, days=_joined(spans)))
    return found


_SAME = ("component", "name", "price_kr", "per", "against", "is_against_network", "counts", "at_most")


def _band(price: Mapping[str, Any]) -> tuple[str | None, str | None]:
    return price["from_kw"], price["to_kw"]


def _days(price: Mapping[str, Any], language: str) -> str:
    first, last = date.fromisoformat(price["first_day"]), date.fromisoformat(price["last_day"])
    if (last - first).days >= 364:
        return ""
    return f"{day_tick(first, language)}–{day_tick(last, language)}"


def _joined(days: Mapping[str, None]) -> str:
    return "" if "" in days else ", ".join(days)
