"""Price lists built as Swedish utilities build theirs, written in short alone, cost what their printed prices say.

What they cost is reckoned here once more, in fractions and straight from the document in short: each component of each
month, rounded half up to the öre, and VAT on the sum.
"""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.price_lists import PriceList
from services.contracts.core.price_list_documents import price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.year_cost import MONTHS, Prices, Used, twelve_months
from tests.unit.contracts.test_short_price_lists import short

YEAR, DAYS = 2026, 365
ALL_YEAR, SUMMER, COLD = list(range(1, 13)), [5, 6, 7, 8, 9], [1, 2, 3, 11, 12]
HEATED = [1, 2, 3, 4, 10, 11, 12]
Document = dict[str, Any]


def energy(*seasons: tuple[str, list[int]]) -> Document:
    named = [{"name": f"Säsong {at}", "months": months, "price_per_mwh": kr} for at, (kr, months) in enumerate(seasons)]
    return {"type": "energyPrice", "seasons": named}


def power(*bands: tuple[str, str | None, str, str], **more: Any) -> Document:
    names = ("from_kw", "to_kw", "fixed_per_year", "per_kw_year")
    return {"type": "powerPrice", "bands": [dict(zip(names, band, strict=True)) for band in bands]} | more


def yearly(*bands: tuple[str, str | None], **prices: list[str]) -> Document:
    rows = [{"from_mwh": low, "to_mwh": high} for low, high in bands]
    for name, krs in prices.items():
        rows = [row | {name: kr} for row, kr in zip(rows, krs, strict=True)]
    return {"type": "yearlyEnergyPrice", "bands": rows}


def flow(kr: str, months: list[int], **held: Any) -> Document:
    return {"type": "volumePrice", "price_per_m3": kr, "months": months} | held


def returned(kr: str, months: list[int], **held: Any) -> Document:
    return {"type": "returnTemperaturePrice", "price_per_mwh_c": kr, "months": months} | held


NETWORK = {"held_against": "systemAverage"}
LISTS = {
    "bands of power, three seasons, the network's return temperature in the heated months": short(
        energy(("612", [1, 2, 3, 12]), ("431", [4, 10, 11]), ("189", SUMMER)),
        power(("0", "100", "2400", "1019"), ("100", "500", "12000", "923"), ("500", None, "60000", "827")),
        returned("5.75", HEATED),
    ),
    "a flow that costs in winter alone": short(
        energy(("598", [12, 1, 2]), ("498", [3, 11]), ("389", [4, 10]), ("215", SUMMER)),
        power(("0", "50", "1000", "1105.5"), ("50", None, "5020", "1025.1"), method="tekniska_verken"),
        flow("4.25", COLD),
    ),
    "a bonus below 45 °C and a fee above 50": short(
        energy(("742", [1, 2, 12]), ("580", [3, 11]), ("412.50", [4, 10]), ("268", SUMMER)),
        power(("0", None, "0", "868"), method="stockholm_exergi"),
        returned("6", COLD, reference_c="45", counts="below", at_most_c="10"),
        returned("12", COLD, reference_c="50", counts="above", at_most_c="10"),
    ),
    "a dear and a cheap flow, by the months": short(
        {"type": "fixedPrice", "amount_per_month": "125"},
        energy(("525", [1, 2, 3, 12]), ("305", [4, 5, 6, 7, 8, 9, 10, 11])),
        power(("0", "75", "0", "745.35"), ("75", None, "1825.50", "721.01")),
        flow("1.15", SUMMER),
        flow("3.15", HEATED),
    ),
    "what flows above 22 m³/MWh, and less than the network's in summer": short(
        energy(("688", [12, 1, 2, 3]), ("487", [4, 10, 11]), ("266", SUMMER)),
        power(("0", None, "350", "788"), method="norrenergi", months=COLD),
        flow("3.20", HEATED, held_against="fixed", m3_per_mwh="22", counts="above"),
        flow("1.90", [6, 7, 8], **NETWORK, counts="below"),
    ),
    "a house's list with VAT, by the yearly energy": short(
        energy(("1015", COLD), ("415", SUMMER), ("765", [4, 10])),
        yearly(("0", "12"), ("12", "25"), ("25", None), fixed_per_year=["2495", "4795", "6995"]),
        prices_include_vat=True,
    ),
    "energy and a monthly charge by the yearly energy": short(
        energy(("380", ALL_YEAR)),
        yearly(
            ("0", "40"), ("40", "193"), ("193", None),
            fixed_per_month=["145", "600", "2500"], per_mwh=["390", "253.50", "135.25"],
        ),
    ),
    "twelve prices of energy, and power by the month": short(
        energy(*[(f"{300 + 17 * month}.37", [month]) for month in ALL_YEAR]),
        {"type": "powerPrice", "method": "goteborg", "bands": [
            {"from_kw": "0", "to_kw": "100", "fixed_per_month": "210.55", "per_kw_month": "61.42"},
            {"from_kw": "100", "to_kw": None, "fixed_per_month": "655", "per_kw_month": "57"},
        ]},
        returned("3.33", COLD, weighted_by="flow", counts="above", at_most_c="8"),
    ),
}  # fmt: skip


class Month:
    """What a month used, and what its network did."""

    def __init__(self, number: int, used: Used) -> None:
        at = number - 1
        self.number = number
        self.share_of_year = Fraction(monthrange(YEAR, number)[1], DAYS)
        self.mwh, self.m3 = Fraction(int(used.kwh[at]), 1_000), Fraction(int(used.litres[at]), 1_000)
        self.return_c, self.network_c = (
            Fraction(int(column[at]), 100) for column in (used.return_centi_c, used.network_return_centi_c)
        )
        self.network_m3_per_mwh = Fraction(int(used.network_l_per_mwh[at]), 1_000)


def kronor(one: Document, month: Month, quantity: Fraction) -> Iterator[Fraction]:
    """Reckon a component's amounts in a month as they are printed; quantity: the kW, or the yearly MWh."""
    if month.number not in one.get("months", ALL_YEAR):
        return
    match one["type"]:
        case "fixedPrice":
            yield Fraction(one["amount_per_month"])
        case "energyPrice":
            [season] = [season for season in one["seasons"] if month.number in season["months"]]
            yield month.mwh * Fraction(season["price_per_mwh"])
        case "powerPrice":
            band = next(band for band in one["bands"] if band["to_kw"] is None or quantity <= Fraction(band["to_kw"]))
            by_month = "per_kw_month" in band
            fixed, rate = ("fixed_per_month", "per_kw_month") if by_month else ("fixed_per_year", "per_kw_year")
            yield (Fraction(band[fixed]) + Fraction(band[rate]) * quantity) * (1 if by_month else month.share_of_year)
        case "yearlyEnergyPrice":
            band = next(band for band in one["bands"] if band["to_mwh"] is None or quantity <= Fraction(band["to_mwh"]))
            by_time = {"fixed_per_year": month.share_of_year, "fixed_per_month": Fraction(1), "per_mwh": month.mwh}
            yield from (Fraction(band[name]) * times for name, times in by_time.items() if name in band)
        case "returnTemperaturePrice":
            against = Fraction(one["reference_c"]) if "reference_c" in one else month.network_c
            yield month.mwh * counted(one, month.return_c - against) * Fraction(one["price_per_mwh_c"])
        case "volumePrice":
            per_mwh = {"fixed": Fraction(one.get("m3_per_mwh", 0)), "systemAverage": month.network_m3_per_mwh}
            above = month.m3 - month.mwh * per_mwh.get(one.get("held_against", ""), Fraction(0))
            yield counted(one, above) * Fraction(one["price_per_m3"])


def counted(one: Document, deviation: Fraction) -> Fraction:
    most = Fraction(one["at_most_c"]) if "at_most_c" in one else abs(deviation)
    low, high = (Fraction(0) if one.get("counts") == side else most for side in ("above", "below"))
    return max(-low, min(high, deviation))


def half_up(exact: Fraction) -> int:
    whole = int(abs(exact) + Fraction(1, 2))
    return whole if exact >= 0 else -whole


HUNDREDTHS = st.one_of(
    st.sampled_from([1_200, 1_201, 2_500, 4_000, 5_000, 5_001, 7_500, 10_000, 10_001, 19_300, 50_000]),
    st.integers(100, 200_000),
)
RETURNS = st.one_of(st.sampled_from([3_500, 4_500, 4_501, 5_000, 6_000]), st.integers(2_000, 7_500))


def months(values: st.SearchStrategy[int]) -> st.SearchStrategy[Any]:
    return st.lists(values, min_size=MONTHS, max_size=MONTHS).map(lambda found: np.array(found, np.int64))


@st.composite
def uses(draw: st.DrawFn) -> Used:
    known, nothing = np.ones(MONTHS, np.bool_), np.zeros(MONTHS, np.int64)
    kwh, litres = draw(months(st.integers(0, 400_000))), draw(months(st.integers(0, 9_000_000)))
    own, network, flows = draw(months(RETURNS)), draw(months(RETURNS)), draw(months(st.integers(12_000, 30_000)))
    quantity = np.full(MONTHS, draw(HUNDREDTHS))
    return Used(kwh, litres, own, network, flows, nothing, quantity, known, known)


@pytest.mark.parametrize("name", list(LISTS))
def test_a_list_as_utilities_build_it_is_taken_as_it_is_written(name: str) -> None:
    assert faults(price_list(LISTS[name])) == []


@pytest.mark.parametrize("name", list(LISTS))
@given(used=uses())
def test_a_year_costs_to_the_ore_what_the_printed_prices_say(name: str, used: Used) -> None:
    written = LISTS[name]
    version = PriceList.model_validate(written | {"price_list_id": "list", "version": 1})
    chosen = twelve_months(version, date(YEAR, 6, 1))
    assert chosen is not None
    cost = Prices(version, chosen).cost(used)
    without_vat = Fraction(4, 5) if written.get("prices_include_vat") else Fraction(1)
    quantity = Fraction(int(used.centi_kw[0]), 100)
    net_ore = sum(
        half_up(100 * kr * without_vat)
        for month in (Month(number, used) for number in ALL_YEAR)
        for one in written["components"]
        for kr in kronor(one, month, quantity)
    )
    assert (cost.net_ore, cost.vat_ore) == (net_ore, half_up(Fraction(net_ore, 4)))
