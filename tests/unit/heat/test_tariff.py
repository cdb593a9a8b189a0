"""Prices to the öre: the worked sums of published price lists, and the laws that hold for any."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.arrays import UNKNOWN, Int64
from services.heat.local_time import EPOCH
from services.heat.tariff.efficiency import return_temperature_ore, volume_ore
from services.heat.tariff.energy import energy_kwh, energy_ore
from services.heat.tariff.fixed import fixed_ore
from services.heat.tariff.power import power_ore
from services.heat.tariff.rating import Parts, Rated, rated
from services.heat.tariff.rounding import half_up, product, quotient, whole_kwh
from services.heat.tariff.table import Charge, table
from services.heat.tariff.vat import vat_ore
from services.heat.tariff.year_days import days_of_year

YEAR_2026 = date(2026, 1, 1), date(2027, 1, 1)
# Göteborg Energi 2026, business: fixed part and rate per kW, each per year, by the band's upper limit.
BANDS_2026 = [
    (100, 10870, 1185), (250, 15270, 1141), (500, 27020, 1094), (1000, 51520, 1045), (2500, 101520, 995),
    (None, 229020, 944),
]  # fmt: skip
MICRO = 1_000_000


class Rate(NamedTuple):
    """A price as a price list's document would say it."""

    charge: str
    price: Decimal
    per: str = "MWh"
    band: int = 0
    reference: str = "main"
    first: date = date(2026, 1, 1)
    end: date = date(2027, 1, 1)
    against: Decimal | None = None
    is_against_network: bool = False
    counts: str = "both"
    at_most: Decimal | None = None


def business_2026() -> list[Rate]:
    rates = [Rate("energy", Decimal(531), end=date(2026, 3, 1), reference="high")]
    rates += [Rate("energy", Decimal(46), first=date(2026, 7, 1), end=date(2026, 8, 1), reference="low")]
    for band, (_, fixed, rate) in enumerate(BANDS_2026):
        rates += [Rate("fixed", Decimal(fixed), "P1Y", band), Rate("power", Decimal(rate), "kW", band)]
        rates += [one._replace(band=band) for one in rates[:2] if band]
    h1, h2 = (date(2026, 1, 1), date(2026, 5, 1)), (date(2026, 10, 1), date(2027, 1, 1))
    returns = [Rate("return_temperature", Decimal(7), "MWh·°C", 0, "main", *days, None, True) for days in (h1, h2)]
    return rates + returns


LIMITS_2026 = [Decimal(limit) for limit, *_ in BANDS_2026 if limit is not None]


def month(year: int, number: int) -> tuple[date, date]:
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def parts(*days: tuple[date, date], **known: int) -> Parts:
    """Parts of months with the same figures."""
    first, end = (np.array([(day - EPOCH).days for day in ends]) for ends in zip(*days, strict=True))
    columns = {name: np.full(len(first), known.get(name, UNKNOWN)) for name in Parts._fields[2:]}
    return Parts(first, end, **columns)


def ore(result: Rated) -> list[int]:
    return [int(one) for one in result.ore.sum(axis=1)]


def power_2026(kw: int, first: date, end: date) -> int:
    prices = table([one for one in business_2026() if one.charge in ("power", "fixed")], LIMITS_2026)
    return ore(rated(prices, parts((first, end), centi_kw=kw * 100)))[0]


def test_bands_meet() -> None:
    for (limit, *below), (_, *above) in pairwise(BANDS_2026):
        assert limit is not None
        assert below[0] + below[1] * limit == above[0] + above[1] * limit
        assert power_2026(limit, *YEAR_2026) == 100 * (above[0] + above[1] * limit)


@pytest.mark.parametrize(("kw", "kr"), [(80, 105670), (99, 128185), (101, 130511), (180, 220650), (3000, 3061020)])
def test_a_year_of_power_costs_the_bands_fixed_part_and_rate(kw: int, kr: int) -> None:
    assert power_2026(kw, *YEAR_2026) == kr * 100


def test_a_january_costs_what_was_worked_out_by_hand() -> None:
    used = parts(month(2026, 1), kwh=25_000, centi_kw=8_000, return_centi_c=4_000, network_return_centi_c=4_500)
    prices = table(business_2026(), LIMITS_2026)
    result = rated(prices, used)
    by_charge = {layer.charge: int(cost) for layer, cost in zip(prices.layers, result.ore[0], strict=True)}
    assert by_charge == {Charge.ENERGY: 1_327_500, Charge.POWER: 897_471, Charge.RETURN_TEMPERATURE: -87_500}
    assert ore(result) == [2_137_471]
    assert vat_ore(2_137_471, Decimal(25)) == 534_368


def test_a_july_costs_what_was_worked_out_by_hand_whatever_the_return_temperature() -> None:
    used = parts(month(2026, 7), kwh=5_000, centi_kw=8_000)
    result = rated(table(business_2026(), LIMITS_2026), used)
    assert (ore(result), result.lacks.tolist()) == ([920_471], [False])
    assert vat_ore(920_471, Decimal(25)) == 230_118


def test_twelve_months_of_power_in_one_line_each_sum_to_the_year() -> None:
    assert sum(power_2026(80, *month(2026, number)) for number in range(1, 13)) == 10_567_000


def test_fixed_part_and_rate_rounded_apart_would_cost_more_than_the_year() -> None:
    days = np.array([31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    year_days = np.full(12, 365)
    fixed, rate = (fixed_ore(np.full(12, kr * MICRO), days, year_days) for kr in (10_870, 94_800))
    assert (fixed[0], rate[0]) == (92_321, 805_151)
    assert (fixed.sum(), rate.sum()) == (1_087_001, 9_480_002)


def test_a_leap_year_has_366_days_to_pay_for() -> None:
    year = date(2024, 1, 1), date(2025, 1, 1)
    of_2024 = [
        Rate("fixed", Decimal(10360), "P1Y", first=year[0], end=year[1]),
        Rate("power", Decimal(1089), "kW", first=year[0], end=year[1]),
    ]
    months = [month(2024, number) for number in range(1, 13)]
    by_month = ore(rated(table(of_2024, []), parts(*months, centi_kw=8_000)))
    assert by_month[3] == 799_016
    assert ore(rated(table(of_2024, []), parts(year, centi_kw=8_000))) == [9_748_000]
    # Each line is rounded for itself, so twelve of them may miss the year by half an öre each.
    assert sum(by_month) == 9_747_997


def test_a_private_year_by_the_kwh_and_month_costs_what_was_worked_out_by_hand() -> None:
    kwh = [2800, 2500, 2200, 1600, 900, 400, 300, 400, 800, 1500, 2100, 2700]
    seasons = {"0.752": [1, 2, 3, 4, 10, 11, 12], "0.288": [5, 9], "0.104": [6, 7, 8]}
    rates = [Rate("fixed", Decimal("299.2"), "P1M")]
    rates += [
        Rate("energy", Decimal(price), "kWh", 0, "main", *month(2026, number))
        for price, numbers in seasons.items()
        for number in numbers
    ]
    used = parts(*(month(2026, number) for number in range(1, 13)))._replace(kwh=np.array(kwh))
    net = sum(ore(rated(table(rates, []), used)))
    assert (net, net + vat_ore(net, Decimal(25))) == (1_577_520, 1_971_900)


def test_returns_below_a_reference_are_a_credit_and_flow_is_a_charge() -> None:
    seven = np.array([7 * MICRO])
    assert return_temperature_ore(np.array([30_000]), np.array([4_750]), np.array([4_400]), seven) == 73_500
    assert return_temperature_ore(np.array([20_000]), np.array([3_850]), np.array([4_000]), seven) == -21_000
    flow = np.array([540_000]), np.array([12_000]), np.array([0]), np.array([3_500_000])
    assert volume_ore(*flow) == 189_000


def test_only_the_flow_above_a_reference_is_charged() -> None:
    # 540 m3 for 25 MWh at 20 m3/MWh are 40 m3 more than 500.
    used = np.array([540_000]), np.array([25_000]), np.array([20_000]), np.array([3_500_000])
    assert volume_ore(*used) == 14_000


centi = st.integers(-20_000, 20_000)


@given(centi, centi, st.integers(0, 10**7), st.decimals(-500, 500, places=3))
def test_a_price_above_and_the_same_below_are_together_the_price_of_both(
    own: int, reference: int, kwh: int, price: Decimal
) -> None:
    used = parts(month(2026, 1), kwh=kwh, return_centi_c=own, network_return_centi_c=reference)

    def by(*sides: str) -> list[int]:
        whole = Rate("return_temperature", price, "MWh·°C", is_against_network=True)
        return ore(rated(table([whole._replace(counts=side, reference=side) for side in sides], []), used))

    assert by("above", "below") == by("both")
    assert by("below" if own > reference else "above") == [0]


@given(centi, st.integers(0, 10**7), st.decimals("0.01", 200, places=2))
def test_what_is_beyond_an_end_costs_what_the_end_does(own: int, kwh: int, at_most: Decimal) -> None:
    whole = Rate("return_temperature", Decimal("3.7"), "MWh·°C", against=Decimal(0))
    limit = int(at_most * 100)
    held = parts(month(2026, 1), kwh=kwh, return_centi_c=max(-limit, min(own, limit)))
    used = parts(month(2026, 1), kwh=kwh, return_centi_c=own)
    assert ore(rated(table([whole._replace(at_most=at_most)], []), used)) == ore(rated(table([whole], []), held))


def test_a_price_of_one_band_that_counts_one_side_leaves_the_others_as_they_are() -> None:
    above = Rate("volume", Decimal(10), "m³", against=Decimal(20), counts="above")
    both = above._replace(counts="both", band=1)
    used = parts(*2 * [month(2026, 1)], kwh=10_000, litres=150_000)._replace(centi_kw=np.array([100, 9_900]))
    # 150 m3 are 50 less than 10 MWh may take: no charge in the lower band, 500 kr of credit in the upper one.
    assert ore(rated(table([above, both], [Decimal(50)]), used)) == [0, -50_000]


def test_what_is_counted_and_not_known_is_told_and_left_out() -> None:
    used = parts(month(2026, 1), kwh=25_000, centi_kw=8_000, return_centi_c=4_000)
    result = rated(table(business_2026(), LIMITS_2026), used)
    assert (ore(result), result.lacks.tolist()) == ([1_327_500 + 897_471], [True])


def test_components_of_the_same_days_add_up_each_rounded_for_itself() -> None:
    rates = [Rate("energy", Decimal("0.005"), "kWh", reference=name) for name in ("one", "other")]
    assert ore(rated(table(rates, []), parts(month(2026, 1), kwh=1))) == [2]


@pytest.mark.parametrize(
    "days",
    [
        (date(2026, 2, 15), date(2026, 3, 15)),
        (date(2025, 12, 1), date(2026, 1, 1)),
        (date(2027, 1, 1), date(2027, 1, 2)),
        (date(2026, 1, 2), date(2026, 1, 2)),
    ],
)
def test_a_part_over_a_change_of_prices_or_outside_them_is_refused(days: tuple[date, date]) -> None:
    with pytest.raises(ValueError, match="within the price list"):
        rated(table(business_2026(), LIMITS_2026), parts(days, kwh=1, centi_kw=100))


@pytest.mark.parametrize(
    ("exact", "rounded"),
    [(Fraction(1, 2), 1), (Fraction(-1, 2), -1), (Fraction(49, 100), 0), (Fraction(3, 2), 2), (Fraction(-3, 2), -2)],
)
def test_a_half_is_rounded_up_and_a_credit_like_its_charge(exact: Fraction, rounded: int) -> None:
    assert half_up(exact) == rounded


def test_a_register_is_printed_in_whole_kwh() -> None:
    assert [whole_kwh(wh) for wh in (0, 499, 500, 1499, 1500)] == [0, 0, 1, 1, 2]


@given(st.lists(st.integers(0, 10**12), min_size=2, max_size=20).map(sorted))
def test_the_parts_energies_sum_to_the_whole_however_it_is_parted(registers: list[int]) -> None:
    in_parts = pairwise(registers)
    assert sum(energy_kwh(since, to) for since, to in in_parts) == energy_kwh(registers[0], registers[-1])


whole = st.integers(-(10**15), 10**15)


@given(st.lists(st.tuples(whole, whole), min_size=1, max_size=5), st.integers(1, 10**12))
def test_products_and_quotients_are_exact_however_large(pairs: list[tuple[int, int]], divisor: int) -> None:
    one, other = (np.array(column, np.int64) for column in zip(*pairs, strict=True))
    exact = [half_up(Fraction(a * b, divisor)) for a, b in pairs]
    if max(map(abs, exact)) < 2**62:
        assert quotient(product(one, other), divisor).tolist() == exact


prices = st.integers(-(10**12), 10**12)


def column(value: int) -> Int64:
    return np.array([value])


@given(prices, prices, st.integers(0, 10**8), st.integers(1, 366), st.integers(2000, 2040))
def test_power_is_within_half_an_ore_of_its_exact_amount_and_a_credit_turns_the_sign(
    yearly: int, rate: int, centi_kw: int, days: int, year: int
) -> None:
    of_days = days_of_year(year)
    charge = power_ore(column(yearly), column(rate), column(centi_kw), column(days), column(of_days))[0]
    exact = (Fraction(yearly) + Fraction(rate * centi_kw, 100)) * days / of_days / 10_000
    assert abs(int(charge) - exact) <= Fraction(1, 2)
    credit = power_ore(column(-yearly), column(-rate), column(centi_kw), column(days), column(of_days))[0]
    assert credit == -charge


@given(prices, st.integers(-(10**9), 10**9))
def test_energy_is_within_half_an_ore_of_its_exact_amount(price: int, kwh: int) -> None:
    exact = Fraction(price * kwh, 10_000_000)
    assert abs(int(energy_ore(column(kwh), column(price))[0]) - exact) <= Fraction(1, 2)
