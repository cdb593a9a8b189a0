"""Lines of efficiency prices that count on one side only: what stands on an invoice is what its sum is of."""

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from schemas.price_lists import PriceList
from services.billing.core.held import Held
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.lines import Line
from services.billing.core.parts import contract_span, parts
from services.heat.tariff.table import Charge
from tests.unit.billing.terms import COMPONENTS, contract, lists, price_list

JANUARY, MIDDLE = date(2026, 1, 1), date(2026, 1, 16)
FEE: dict[str, Any] = {
    "type": "returnTemperaturePrice", "price_per_mwh_c": "12", "reference_c": "50", "counts": "above",
    "at_most_c": "10",
}  # fmt: skip
BONUS = FEE | {"price_per_mwh_c": "6", "reference_c": "45", "counts": "below"}
FLOW = {
    "type": "volumePrice", "price_per_m3": "3.50", "held_against": "fixed", "m3_per_mwh": "19.5", "counts": "above",
}  # fmt: skip
EFFICIENCY = (Charge.RETURN_TEMPERATURE, Charge.VOLUME)


def counting(*components: dict[str, Any], **more: Any) -> PriceList:
    return price_list(components=[COMPONENTS[1], *components], **more)


def billed(versions: list[PriceList], *known: Figures) -> list[Line]:
    """Give the lines of efficiency of a January."""
    prices = lists(*versions)
    found = parts(contract(), prices, contract_span(contract(), JANUARY))
    assert not isinstance(found, Held)
    [made] = drafts([Month(found, known)], prices)
    assert isinstance(made, Draft)
    return [line for line in made.lines if line.component in EFFICIENCY]


def used(since_mwh: int, to_mwh: int, return_c: str, days: int = 31, m3: int = 0) -> Figures:
    registers = since_mwh * 1_000_000, to_mwh * 1_000_000
    return replace(
        Figures(*registers, days, days, 0, 1),
        return_by_energy_centi_c=int(Decimal(return_c) * 100),
        litres=m3 * 1_000,
    )


@pytest.mark.parametrize(
    ("return_c", "lines"),
    [
        # 25 MWh: 7 °C below 45 are 175 MWh·°C; of 15 °C above 50 ten count, 250 MWh·°C.
        ("38", [("-175.00", "-1050.00"), ("0.00", "0.00")]),
        ("65", [("0.00", "0.00"), ("250.00", "3000.00")]),
        ("47.5", [("0.00", "0.00"), ("0.00", "0.00")]),
    ],
)
def test_a_line_shows_the_degrees_that_count(return_c: str, lines: list[tuple[str, str]]) -> None:
    found = billed([counting(BONUS, FEE)], used(0, 25, return_c))
    assert [(one.quantity, Decimal(one.amount_ore) / 100) for one in found] == [
        (Decimal(quantity), Decimal(kr)) for quantity, kr in lines
    ]


def test_a_flow_below_its_reference_is_no_quantity_where_only_more_is_charged() -> None:
    # 25 MWh may take 487.5 m3.
    [over], [under] = billed([counting(FLOW)], used(0, 25, "40", m3=540)), billed([counting(FLOW)], used(0, 25, "40"))
    assert (over.quantity, over.amount_ore) == (Decimal("52.5"), 18_375)
    assert (under.quantity, under.amount_ore) == (Decimal(0), 0)


def test_each_part_of_a_month_is_held_against_the_reference_alone() -> None:
    # 12 MWh at 52 °C and, from the 16th by dearer prices, 13 MWh at 48 °C: 2 °C of the first part cost 12 * 2 * 12 kr,
    # though the month's mean, 49.92 °C, is below the reference.
    versions = [counting(FEE), counting(FEE | {"price_per_mwh_c": "13"}, version=2, valid_from=MIDDLE)]
    found = billed(versions, used(0, 12, "52", days=15), used(12, 25, "48", days=16))
    assert [(one.part.first, one.amount_ore) for one in found] == [(JANUARY, 28_800), (MIDDLE, 0)]


def test_the_printed_line_says_which_side_of_what_counts() -> None:
    [line] = billed([counting(FEE)], used(0, 25, "65"))
    assert line.label == "Returtemperatur över 50 °C, högst 10 °C räknas"


NETWORK: dict[str, Any] = {"type": "returnTemperaturePrice", "price_per_mwh_c": "4.00"}


@pytest.mark.parametrize(
    "component", [FEE, NETWORK, FLOW, FLOW | {"held_against": "systemAverage", "m3_per_mwh": None}]
)
def test_a_month_without_energy_has_no_return_temperature_and_costs_nothing_by_it(component: dict[str, Any]) -> None:
    empty = replace(Figures(5_000_000, 5_000_000, 31, 31, 0, 1), litres=0)
    [line] = billed([counting(component)], empty)
    assert (line.quantity, line.amount_ore) == (Decimal(0), 0)


def test_water_that_flows_without_giving_heat_is_all_above_its_reference() -> None:
    leaking = replace(Figures(5_000_000, 5_000_000, 31, 31, 0, 1), litres=40_000)
    [line] = billed([counting(FLOW)], leaking)
    # 40 m3 at 3.50 kr.
    assert (line.quantity, line.amount_ore) == (Decimal(40), 14_000)
