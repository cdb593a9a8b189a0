"""Prices to the öre: the worked sums of the published price list, and the laws that hold for any."""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.heat.tariff.energy import energy_kwh, energy_ore
from services.heat.tariff.fixed import fixed_ore
from services.heat.tariff.power import power_ore
from services.heat.tariff.rounding import half_up, whole_kwh
from services.heat.tariff.vat import vat_ore
from services.heat.tariff.year_share import year_share

# Göteborg Energi 2026, business: fixed part and rate per kW, each per year, by the band's upper limit.
BANDS_2026 = [
    (100, 10870, 1185), (250, 15270, 1141), (500, 27020, 1094), (1000, 51520, 1045), (2500, 101520, 995),
    (None, 229020, 944),
]  # fmt: skip
ENERGY_2024 = [531, 531, 531, 366, 167, 102, 102, 102, 148, 366, 422, 531]

prices = st.decimals(-1_000_000, 1_000_000, places=6)
days = st.dates(date(2000, 1, 1), date(2040, 12, 31))


def month(year: int, number: int) -> tuple[date, date]:
    return date(year, number, 1), date(year + number // 12, number % 12 + 1, 1)


def power_2026(kw: int, first: date, end: date) -> int:
    fixed, rate = next((fixed, rate) for limit, fixed, rate in BANDS_2026 if limit is None or kw <= limit)
    return power_ore(Decimal(fixed), Decimal(rate), Decimal(kw), first, end)


@pytest.mark.parametrize(("limit", "kr"), [(100, 129370), (250, 300520), (500, 574020), (1000, 1096520)])
def test_bands_meet(limit: int, kr: int) -> None:
    index = [band[0] for band in BANDS_2026].index(limit)
    for _, fixed, rate in BANDS_2026[index : index + 2]:
        yearly = power_ore(Decimal(fixed), Decimal(rate), Decimal(limit), date(2026, 1, 1), date(2027, 1, 1))
        assert yearly == kr * 100


@pytest.mark.parametrize(("kw", "kr"), [(80, 105670), (99, 128185), (101, 130511), (180, 220650), (3000, 3061020)])
def test_a_year_of_power_costs_the_bands_fixed_part_and_rate(kw: int, kr: int) -> None:
    assert power_2026(kw, date(2026, 1, 1), date(2027, 1, 1)) == kr * 100


def test_a_january_costs_what_was_worked_out_by_hand() -> None:
    energy = energy_ore(25_000, Decimal(531))
    power = power_2026(80, *month(2026, 1))
    assert (energy, power) == (1_327_500, 897_471)


def test_a_july_costs_what_was_worked_out_by_hand() -> None:
    net = energy_ore(5_000, Decimal(46)) + power_2026(80, *month(2026, 7))
    vat = vat_ore(net, Decimal(25))
    assert (net, vat, net + vat) == (920_471, 230_118, 1_150_589)


def test_vat_is_rounded_on_the_sum() -> None:
    assert vat_ore(2_137_471, Decimal(25)) == 534_368


def test_twelve_months_of_power_in_one_line_each_sum_to_the_year() -> None:
    assert sum(power_2026(80, *month(2026, number)) for number in range(1, 13)) == 10_567_000


def test_fixed_part_and_rate_rounded_apart_would_cost_more_than_the_year() -> None:
    apart = [
        (fixed_ore(Decimal(10870), *month(2026, number)), fixed_ore(Decimal(94800), *month(2026, number)))
        for number in range(1, 13)
    ]
    assert apart[0] == (92_321, 805_151)
    assert (sum(fixed for fixed, _ in apart), sum(rate for _, rate in apart)) == (1_087_001, 9_480_002)


def test_a_leap_year_has_366_days_to_pay_for() -> None:
    months = [power_ore(Decimal(10360), Decimal(1089), Decimal(80), *month(2024, number)) for number in range(1, 13)]
    assert months[3] == 799_016
    assert power_ore(Decimal(10360), Decimal(1089), Decimal(80), date(2024, 1, 1), date(2025, 1, 1)) == 9_748_000
    # Each line is rounded for itself, so twelve of them may miss the year by half an öre each.
    assert sum(months) == 9_747_997


def test_the_twelve_months_of_2024_cost_what_was_worked_out_by_hand() -> None:
    mwh = [25, 23, 20, 15, 8, 5, 4, 5, 8, 14, 18, 24]
    energy = sum(energy_ore(used * 1000, Decimal(price)) for used, price in zip(mwh, ENERGY_2024, strict=True))
    assert energy == 7_101_000


def test_a_private_year_by_seasons_costs_what_was_worked_out_by_hand() -> None:
    seasons = [(15_400, "752"), (1_700, "288"), (1_100, "104")]
    net = sum(energy_ore(kwh, Decimal(price)) for kwh, price in seasons)
    net += fixed_ore(Decimal("3590.4"), date(2026, 1, 1), date(2027, 1, 1))
    assert net + vat_ore(net, Decimal(25)) == 1_971_900


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
    parts = pairwise(registers)
    assert sum(energy_kwh(since, to) for since, to in parts) == energy_kwh(registers[0], registers[-1])


@given(days, st.lists(st.integers(0, 800), max_size=6).map(sorted))
def test_shares_of_the_year_add_up(first: date, lengths: list[int]) -> None:
    ends = [first + timedelta(days=length) for length in [0, *lengths]]
    parts = pairwise(ends)
    assert sum((year_share(since, to) for since, to in parts), Fraction(0)) == year_share(first, ends[-1])


@given(st.integers(2000, 2040))
def test_a_year_is_one_whole(year: int) -> None:
    assert year_share(date(year, 1, 1), date(year + 1, 1, 1)) == 1


@given(prices, prices, st.decimals(0, 100_000, places=2), days, st.integers(1, 366))
def test_a_credit_turns_the_sign_of_its_charge(
    fixed: Decimal, rate: Decimal, kw: Decimal, first: date, length: int
) -> None:
    end = first + timedelta(days=length)
    assert power_ore(-fixed, -rate, kw, first, end) == -power_ore(fixed, rate, kw, first, end)


@given(prices, st.integers(-(10**9), 10**9))
def test_a_line_is_within_half_an_ore_of_its_exact_amount(price: Decimal, kwh: int) -> None:
    exact = Fraction(price) * kwh / 10
    assert abs(energy_ore(kwh, price) - exact) <= Fraction(1, 2)
