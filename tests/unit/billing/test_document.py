"""What an invoice prints: every figure that it was billed on, in Swedish, and each thing once."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from schemas.price_list_terms import PowerMethod
from services.billing.core.document import METHOD, document
from services.billing.core.entries import Case, Issue, invoice_row, line_rows
from services.billing.core.invoices import Draft, Figures, Month, drafts
from services.billing.core.parts import contract_span, parts
from services.billing.core.prices import Prices
from services.billing.core.terms import Contract
from tests.unit.billing.terms import COMPONENTS, contract, lists, power, price_list

JANUARY = date(2026, 1, 1)
PARTIES = {
    "customer_number": "K-1", "customer_name": "Eva Ek", "customer_address": "Ekvägen 1, 123 45 Ekby",
    "metering_point": "735999", "medium": "heat", "facility_number": "F-1", "facility_name": "Villa Ek",
    "facility_address": "Ekvägen 1",
}  # fmt: skip
SELLER = {"name": "Exempelstads Fjärrvärme AB"}


def printed(
    one: Contract,
    known: Prices,
    registers_wh: list[int],
    estimated: int = 0,
    *,
    ends_estimated: bool = False,
    **more: Any,
) -> dict[str, Any]:
    found = parts(one, known, contract_span(one, JANUARY))
    assert isinstance(found, list)
    figures = [
        Figures(
            *(registers_wh[index], registers_wh[index + 1], part.days, part.days - estimated, estimated, 1),
            is_end_estimated=ends_estimated,
            **more,
        )
        for index, part in enumerate(found)
    ]
    [drafted] = drafts([Month(found, figures)], known)
    assert isinstance(drafted, Draft)
    return said_of(one, drafted)


def said_of(one: Contract, drafted: Draft) -> dict[str, Any]:
    case = Case(one, contract_span(one, JANUARY), PARTIES)
    issue = Issue(JANUARY, datetime(2026, 2, 3, 9, tzinfo=UTC), date(2026, 2, 3), 30, SELLER)
    head = invoice_row(case, drafted, issue, UUID(int=1), 100_482)
    # As the rows come back from the database.
    head |= {name: date.fromisoformat(head[name]) for name in ("month", "part_from", "part_to", "due_on")}
    rows = [
        row
        | {name: Decimal(row[name]) for name in ("quantity", "price", "fixed_price")}
        | {name: date.fromisoformat(row[name]) for name in ("part_from", "part_to")}
        for row in line_rows(case, drafted.lines, UUID(int=1))
    ]
    return document(head, rows)


def facts(said: dict[str, Any], name: str) -> list[str]:
    return [text.replace("\u00a0", " ") for label, text in said["place"] if label == name]


def test_the_power_in_force_is_printed_with_its_day_and_method() -> None:
    said = printed(contract(), lists(price_list()), [0, 25_000_000])
    assert facts(said, "Abonnemangseffekt") == ["80 kW från och med 2020-01-01, avtalad"]
    measured = power(JANUARY, "57").model_copy(update={"method": "minus_five"})
    said = printed(contract(powers=(measured,)), lists(price_list()), [0, 25_000_000])
    assert facts(said, "Abonnemangseffekt") == [
        "57 kW från och med 2026-01-01, uppmätt som högsta timmedeleffekt vid −5 °C"
    ]


def test_the_price_list_is_printed_by_name_and_once() -> None:
    known = lists(price_list(), price_list(2, date(2026, 1, 11), "600"), price_list(3, date(2026, 1, 21), name="Bas 2"))
    said = printed(contract(), known, [0, 10_000_000, 20_000_000, 31_000_000])
    assert facts(said, "Prislista") == ["Bas", "Bas 2"]


def test_parts_are_printed_with_their_days_and_registers_and_sum_to_the_month() -> None:
    one = contract(powers=(power(date(2020, 1, 1)), power(date(2026, 1, 2), "90")))
    said = printed(one, lists(price_list()), [1_000_400, 1_500_500, 26_000_400])
    assert [row[0] for row in said["registers"]] == ["1 januari 2026", "2–31 januari 2026"]
    assert [[text.replace("\u00a0", " ") for text in row[1:]] for row in said["registers"]] == [
        ["1 000", "1 501", "501"],
        ["1 501", "26 000", "24 499"],
    ]
    assert said["energy"] == "25,000 MWh"


def test_a_register_that_no_meter_showed_is_marked_and_the_mark_explained() -> None:
    said = printed(contract(), lists(price_list()), [0, 25_000_000], estimated=2, ends_estimated=True)
    ((_, since, to, _),) = said["registers"]
    assert (since, to.replace("\u00a0", " ")) == ("0", "25 000*")
    assert [text for text in said["notes"] if text.startswith("* ") and "inte avläst" in text]
    measured = printed(contract(), lists(price_list()), [0, 25_000_000])
    assert "*" not in str((measured["registers"], measured["notes"]))


def test_an_estimate_states_its_cause_and_its_method() -> None:
    said = printed(contract(), lists(price_list()), [0, 25_000_000], estimated=2)
    (note,) = [text for text in said["notes"] if "beräknad" in text]
    assert "2 av 31 dygn saknas mätvärden" in note
    assert "jämnt fördelad mellan de närmaste mätarställningarna" in note
    assert not [text for text in printed(contract(), lists(price_list()), [0, 1])["notes"] if "beräknad" in text]


def test_every_method_of_measuring_power_has_words() -> None:
    assert METHOD.keys() == {"entered", "entered_energy", *(method.value for method in PowerMethod)}


def test_each_charge_says_what_it_counts_and_what_that_costs() -> None:
    components = (
        *COMPONENTS,
        {"type": "returnTemperaturePrice", "price_per_mwh_c": "4", "reference_c": "45"},
        {"type": "volumePrice", "price_per_m3": "3.5", "held_against": "fixed", "m3_per_mwh": "20"},
    )
    used: dict[str, Any] = {"litres": 540_000, "return_by_energy_centi_c": 4_250}
    said = printed(contract(), lists(price_list(components=components)), [0, 25_000_000], **used)
    lines = {line["name"]: (line["quantity"], line["price"], line["amount"]) for line in said["lines"]}
    # 25 MWh at 2.5 degrees below 45, and 540 m3 of which 500 go with 25 MWh.
    assert lines["Returtemperatur"] == ("\u221262,50 MWh·°C", "4,00 kr/MWh·°C", "\u2212250,00")
    assert lines["Flöde"] == ("40,000 m³", "3,50 kr/m³", "140,00")
