"""Months that are billed by their own peaks: what sets their power, what they cost, and what holds them."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contracts import ContractTerm, PowerInForce
from schemas.price_lists import PriceListChanged
from schemas.values import PointId, PriceListId
from services.billing.core.held import Held, HeldReason
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.own_powers import MeasuredDays, own_powers, wanted_of, with_own_powers
from services.billing.core.parts import Part, Span, contract_span, parts
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from services.heat.local_time import EPOCH
from tests.unit.billing.terms import BAS, COMPONENTS, changed, contract, lists, power, price_list
from tests.unit.billing.test_document import said_of

JANUARY, BEGAN = date(2026, 1, 1), date(2020, 1, 1)
FIGURES = Figures(0, 25_000_000, 31, 31, 0, 1)


def by_month(method: str = "month_highest_3_days", **more: object) -> Prices:
    """80 kW cost 105,670 kr a year, 120 kW 152,190."""
    return lists(price_list(components=[*COMPONENTS[:2], {**COMPONENTS[2], "method": method, **more}]))


def days(kw: dict[int, int], others: int = 10, count: int = 31, point: int = 1) -> MeasuredDays:
    """Days of January that are measured: of so many kW all day, their highest hour 5 kW above."""
    number = np.arange(count)
    mean = np.array([kw.get(place + 1, others) for place in range(count)], np.int64)
    hours = np.full(count, 24)
    first = (JANUARY - EPOCH).days
    return MeasuredDays(np.full(count, point), first + number, mean * 24_000, hours, mean * 1_000 + 5_000)


def measured(one: Contract, prices: Prices, known: MeasuredDays, month: date = JANUARY) -> list[Part]:
    span = contract_span(one, month)
    found = parts(one, prices, span)
    assert not isinstance(found, Held)
    powers = own_powers(wanted_of(one.point_id, span, found), known)
    return with_own_powers(found, span, {own.method: own for own in powers})


def billed(one: Contract, prices: Prices, known: MeasuredDays, *figures: Figures) -> Draft | Held:
    found = measured(one, prices, known)
    [made] = drafts([Month(found, figures or [FIGURES] * len(found))], prices)
    return made


def draft(one: Contract, prices: Prices, known: MeasuredDays, *figures: Figures) -> Draft:
    made = billed(one, prices, known, *figures)
    assert isinstance(made, Draft)
    return made


def powerless() -> Contract:
    return contract(powers=())


def test_a_month_is_billed_by_the_mean_of_its_own_highest_days() -> None:
    # 84, 79 and 77 are 80 kW: 105,670 * 31 / 365 = 8,974.71, and no power in force is asked for.
    made = draft(powerless(), by_month(), days({5: 84, 20: 79, 6: 77}))
    assert [(line.component.value, line.quantity, line.amount_ore) for line in made.lines][1] == (
        "power",
        Decimal(80),
        897_471,
    )
    [part] = made.basis_parts
    assert part["power"] == {
        "valid_from": "2026-01-01",
        "kw": "80.00",
        "method": "month_highest_3_days",
        "determination_id": None,
        "days": ["2026-01-05", "2026-01-06", "2026-01-20"],
    }


def test_the_highest_hours_are_those_of_days_and_each_day_gives_one() -> None:
    made = draft(powerless(), by_month("month_highest_2_hours"), days({5: 84, 6: 75}))
    assert made.lines[1].quantity == Decimal("84.50")


def test_the_band_is_that_of_the_months_own_power() -> None:
    # 120 kW: (15,270 + 1,141 * 120) * 31 / 365 = 12,925.73.
    made = draft(powerless(), by_month(), days({5: 120, 6: 120, 7: 120}))
    assert (made.lines[1].fixed_price, made.lines[1].amount_ore) == (Decimal(15_270), 1_292_573)


def test_a_power_in_force_from_before_counts_for_nothing() -> None:
    of_before = contract(powers=(power(BEGAN, "60"),))
    known = days({5: 84, 20: 79, 6: 77})
    assert draft(of_before, by_month(), known).net_ore == draft(powerless(), by_month(), known).net_ore
    few = days({}, count=9)
    assert billed(of_before, by_month(), few) == Held(HeldReason.PEAKS_NOT_MEASURED)


def bas_then_monthly_then_bas(*powers: PowerInForce, months_from: date, months_to: date) -> tuple[Contract, Prices]:
    monthly = PriceListId("monthly")
    other = price_list(components=by_month_components("1285")).model_copy(update={"price_list_id": monthly})
    prices = Prices(
        {BAS: changed(price_list()), monthly: PriceListChanged(price_list_id=monthly, version=1, versions=(other,))}
    )
    terms = (
        ContractTerm(valid_from=BEGAN, valid_to=months_from, price_list_id=BAS),
        ContractTerm(valid_from=months_from, valid_to=months_to, price_list_id=monthly),
        ContractTerm(valid_from=months_to, valid_to=None, price_list_id=BAS),
    )
    return replace(contract(powers=powers), terms=terms), prices


def test_who_leaves_such_a_list_is_held_until_a_power_is_entered_again() -> None:
    years = {"months_from": date(2024, 1, 1), "months_to": JANUARY}
    for stale in (power(BEGAN, "60"), power(date(2024, 2, 1), "7")):
        one, prices = bas_then_monthly_then_bas(stale, **years)
        assert parts(one, prices, contract_span(one, JANUARY)) == Held(HeldReason.NO_POWER_IN_FORCE)
    one, prices = bas_then_monthly_then_bas(power(BEGAN, "60"), power(JANUARY, "62"), **years)
    [january] = measured(one, prices, days({}))
    assert january.power is not None
    assert january.power.kw == Decimal(62)


def test_a_power_of_the_list_before_stands_in_for_no_peaks() -> None:
    half = date(2026, 1, 16)
    few = days({}, count=9)
    one, prices = bas_then_monthly_then_bas(power(JANUARY, "60"), months_from=half, months_to=date(2027, 1, 1))
    assert billed(one, prices, few) == Held(HeldReason.PEAKS_NOT_MEASURED)
    agreed = power(JANUARY, "60"), power(half, "80")
    one, prices = bas_then_monthly_then_bas(*agreed, months_from=half, months_to=date(2027, 1, 1))
    powers = [line for line in draft(one, prices, few).lines if line.component == "power"]
    assert [(line.quantity, line.days) for line in powers] == [(Decimal(60), 15), (Decimal(80), 16)]


def test_a_month_of_too_few_measured_days_is_held_by_name_once_its_energy_is_known() -> None:
    few = days({5: 84}, count=9)
    assert billed(powerless(), by_month(), few) == Held(HeldReason.PEAKS_NOT_MEASURED)
    unknown = replace(FIGURES, days_whole=30)
    assert billed(powerless(), by_month(), few, unknown) == Held(HeldReason.DAYS_MISSING)


def test_a_power_that_staff_entered_from_the_months_first_day_stands_in_for_that_month_alone() -> None:
    agreed = contract(powers=(power(JANUARY, "80"),))
    few, whole = days({}, count=9), days({5: 50, 6: 50, 7: 50})
    made = draft(agreed, by_month(), few)
    assert (made.lines[1].quantity, made.lines[1].amount_ore) == (Decimal(80), 897_471)
    assert made.basis_parts[0]["power"]["days"] == []
    assert [own.centi_kw for own in made.own_powers] == [None]
    assert draft(agreed, by_month(), whole).lines[1].quantity == Decimal(50)
    [february] = measured(agreed, by_month(), few, date(2026, 2, 1))
    assert february.power is None


def test_a_contract_has_the_peaks_of_its_own_days_alone() -> None:
    moved = contract(first=date(2026, 1, 20), powers=())
    made = draft(moved, by_month(), days({5: 200, 25: 30}, others=12), replace(FIGURES, days_whole=12))
    # 30, 12 and 12 kW of 12 days.
    assert made.lines[1].quantity == Decimal(18)
    assert made.lines[1].days == 12


def test_another_points_days_set_nothing() -> None:
    assert billed(powerless(), by_month(), days({5: 84}, point=2)) == Held(HeldReason.PEAKS_NOT_MEASURED)


def test_parts_of_a_month_have_one_power_and_pay_it_by_their_days() -> None:
    rise = price_list(2, date(2026, 1, 16), components=by_month_components("1285"))
    prices = lists(price_list(components=by_month_components("1185")), rise)
    made = draft(powerless(), prices, days({5: 84, 6: 77, 20: 79}))
    powers = [line for line in made.lines if line.component == "power"]
    assert [(line.quantity, line.days) for line in powers] == [(Decimal(80), 15), (Decimal(80), 16)]
    # (10,870 + 94,800) * 15 / 365 and (10,870 + 102,800) * 16 / 365.
    assert [line.amount_ore for line in powers] == [434_260, 498_279]


def by_month_components(per_kw: str) -> list[object]:
    bands = [{"from_kw": "0", "to_kw": None, "fixed_per_year": "10870", "per_kw_year": per_kw}]
    return [*COMPONENTS[:2], {"type": "powerPrice", "method": "month_highest_3_days", "bands": bands}]


def test_a_change_to_another_list_within_a_month_leaves_one_power_of_the_whole_month_on_its_days() -> None:
    monthly = PriceListId("monthly")
    other = price_list(components=by_month_components("1285")).model_copy(update={"price_list_id": monthly})
    prices = Prices(
        {BAS: changed(price_list()), monthly: PriceListChanged(price_list_id=monthly, version=1, versions=(other,))}
    )
    half = date(2026, 1, 16)
    one = replace(
        contract(powers=(power(BEGAN, "60"),)),
        terms=(
            ContractTerm(valid_from=BEGAN, valid_to=half, price_list_id=BAS),
            ContractTerm(valid_from=half, valid_to=None, price_list_id=monthly),
        ),
    )
    made = draft(one, prices, days({5: 84, 6: 77, 20: 79}))
    powers = [line for line in made.lines if line.component == "power"]
    assert [(line.quantity, line.days) for line in powers] == [(Decimal(60), 15), (Decimal(80), 16)]


def test_months_in_which_power_is_not_priced_need_no_peaks() -> None:
    bands = [{"from_kw": "0", "to_kw": None, "per_kw_year": "1185"}]
    winter = {"type": "powerPrice", "method": "month_highest_3_days", "months": [1, 2, 12], "bands": bands}
    prices = lists(price_list(components=[*COMPONENTS[:2], winter]))
    assert isinstance(billed(powerless(), prices, days({}, count=9)), Held)
    [july] = measured(powerless(), prices, days({}, count=0), date(2026, 7, 1))
    assert july.own is None
    [made] = drafts([Month([july], [FIGURES])], prices)
    assert isinstance(made, Draft)
    assert "power" not in [line.component for line in made.lines]


@given(st.integers(1, 20_000), st.integers(2020, 2029))
def test_twelve_months_of_equal_peaks_cost_what_the_same_kw_costs_as_a_yearly_power(centi_kw: int, year: int) -> None:
    kw = Decimal(centi_kw).scaleb(-2)
    yearly, monthly = lists(price_list()), by_month("month_highest_5_hours")
    one = contract(powers=(power(BEGAN, str(kw)),))
    for month in range(1, 13):
        first = date(year, month, 1)
        length = contract_span(one, first).days
        number = (first - EPOCH).days + np.arange(length)
        same = np.full(length, centi_kw * 10)
        known = MeasuredDays(np.full(length, 1), number, same, np.full(length, 24), same)
        figures = replace(FIGURES, days_whole=length)
        [by_year] = drafts([Month(measured(one, yearly, known, first), [figures])], yearly)
        [by_peaks] = drafts([Month(measured(powerless(), monthly, known, first), [figures])], monthly)
        assert isinstance(by_year, Draft)
        assert isinstance(by_peaks, Draft)
        assert [line.amount_ore for line in by_peaks.lines] == [line.amount_ore for line in by_year.lines]


@given(st.lists(st.integers(0, 200), min_size=31, max_size=31), st.randoms())
def test_stored_days_in_any_order_and_twice_give_the_same_power(kw: list[int], random: Random) -> None:
    known = days(dict(enumerate(kw, start=1)))
    order = np.array(random.sample(range(31), 31))
    mixed = MeasuredDays._make(np.concatenate([column[order], column[:5]]) for column in known)
    span = Span(JANUARY, date(2026, 2, 1))
    wanted = [
        wanted for one in (powerless(),) for wanted in wanted_of(one.point_id, span, measured(one, by_month(), known))
    ]
    assert own_powers(wanted, mixed) == own_powers(wanted, known)


def test_many_contracts_and_methods_are_measured_at_once_as_each_by_itself() -> None:
    known = MeasuredDays._make(np.concatenate(pair) for pair in zip(days({5: 84}), days({7: 60}, point=2), strict=True))
    span = Span(JANUARY, JANUARY + timedelta(days=31))
    wanted = [
        one._replace(point_id=PointId(point))
        for method in ("month_highest_1_days", "month_highest_1_hours")
        for point in (2, 1)
        for one in wanted_of(PointId(1), span, measured(powerless(), by_month(method), known))
    ]
    assert [(one.centi_kw, one.days) for one in own_powers(wanted, known)] == [
        (6_000, (date(2026, 1, 7),)),
        (8_400, (date(2026, 1, 5),)),
        (6_500, (date(2026, 1, 7),)),
        (8_900, (date(2026, 1, 5),)),
    ]


@pytest.mark.parametrize(
    ("kw", "count", "words"),
    [
        (
            {5: 84, 6: 77, 20: 80},
            31,
            "80,33 kW, uppmätt som medel av de tre högsta dygnsmedeleffekterna i månaden: den 5, 6 och 20 januari 2026",
        ),
        ({}, 9, "64 kW, avtalad"),
    ],
)
def test_an_invoice_prints_the_months_power_its_method_and_its_days(kw: dict[int, int], count: int, words: str) -> None:
    one = contract(powers=(power(JANUARY, "64"),))
    said = said_of(one, draft(one, by_month(), days(kw, count=count)))
    assert ["Månadens effekt", words] in [[name, text.replace("\u00a0", " ")] for name, text in said["place"]]
    assert "Abonnemangseffekt" not in [name for name, _ in said["place"]]
