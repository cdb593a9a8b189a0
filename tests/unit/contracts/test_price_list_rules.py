"""What is wrong with a price list is said with its place; what comes with Kulvert has nothing wrong with it."""

import copy
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from deploy.local.folder import ROOT
from schemas.price_list_terms import PriceListTerms
from services.cli.price_list_files import UnreadableFileError, read
from services.contracts.core.price_list_documents import period_fault, price_list
from services.contracts.core.price_list_rules import faults
from services.contracts.core.refusals import FaultyPriceListError

SHIPPED = sorted((ROOT / "services/contracts/price_lists").iterdir())
GOTEBORG_2026 = read(ROOT / "services/contracts/price_lists/goteborg-2026.yaml")
Document = dict[str, Any]


def document() -> Document:
    """A firm list of two bands with every kind of component."""
    whole = copy.deepcopy(GOTEBORG_2026)
    whole["tariffs"] = whole["tariffs"][:2]
    whole["extension"] |= {"status": "firm", "bands": whole["extension"]["bands"][:2]}
    del whole["extension"]["bands"][1]["toKw"]
    for tariff in whole["tariffs"]:
        energy = tariff["energyPrice"]["components"]
        energy[0]["validPeriod"] = {"fromIncluding": "2026-01-01", "toExcluding": "2026-07-01"}
        energy[2]["validPeriod"] = {"fromIncluding": "2026-08-01", "toExcluding": "2027-01-01"}
    return whole


def told(change: Callable[[Document], object]) -> list[str]:
    """Say what is wrong with the list once it is changed."""
    changed = document()
    change(changed)
    try:
        return [f"{one.where}: {one.what}" for one in faults(price_list(changed))]
    except ValidationError as error:
        return [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors()]


def first(whole: Document, group: str, place: int = 0) -> Document:
    found: Document = whole["tariffs"][0][group]["components"][place]
    return found


def without_power(whole: Document) -> None:
    """Price what is above a power of which the list bills nothing."""
    for tariff in whole["tariffs"]:
        tariff["powerPrice"]["components"] = []
    whole["extension"]["overrunPerKw"] = {"priceExVat": "120", "priceIncVat": "150", "currency": "SEK"}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_what_comes_with_kulvert_has_nothing_wrong_with_it(path: Path) -> None:
    assert faults(price_list(read(path))) == []


def test_a_whole_list_has_nothing_wrong_with_it() -> None:
    assert told(lambda _: None) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda one: first(one, "energyPrice", 1)["validPeriod"].update(toExcluding="2026-07-20"),
            "tariffs[0].energyPrice.components: no price of energy from 2026-07-20 up to 2026-08-01",
        ),
        (
            lambda one: one["tariffs"][0]["energyPrice"].update(components=[]),
            "tariffs[0].energyPrice.components: no price of energy from 2026-01-01 up to 2027-01-01",
        ),
        (
            lambda one: first(one, "energyPrice", 1).update(
                reference="high_season_dec", validPeriod={"fromIncluding": "2026-07-01", "toExcluding": "2026-08-05"}
            ),
            "tariffs[0].energyPrice.components[2].validPeriod: overlaps that of components[1]",
        ),
        (
            lambda one: first(one, "energyPrice")["validPeriod"].update(fromIncluding="2025-12-01"),
            "tariffs[0].energyPrice.components[0].validPeriod: reaches outside",
        ),
        (
            lambda one: one["tariffs"][0].update(steamPrice={}),
            "tariffs.0.steamPrice: Extra inputs are not permitted",
        ),
        (lambda one: first(one, "energyPrice").update(type="gas"), "tariffs.0.energyPrice.components.0.type"),
        (
            lambda one: one["tariffs"][0]["energyPrice"].update(costFunction="max(energy(c))"),
            "tariffs.0.energyPrice.costFunction",
        ),
        (
            lambda one: one["tariffs"][0]["energyPrice"].update(costFunction="sum(price(c))"),
            "tariffs[0].energyPrice.costFunction: is sum(price(c)); understood is sum(energy(c)*price(c))",
        ),
        (lambda one: one["extension"]["bands"][0].update(fromKw="-5"), "extension.bands.0.fromKw"),
        (
            lambda one: one["extension"]["bands"][0].update(toKw="90"),
            "extension.bands[1].fromKw: is 100, and the band before ends at 90",
        ),
        (
            lambda one: one["extension"]["bands"][0].update(fromKw="5"),
            "extension.bands[0].fromKw: must be 0",
        ),
        (
            lambda one: one["extension"]["bands"][1].update(toKw="250"),
            "extension.bands[1].toKw: must be left out",
        ),
        (
            lambda one: one["extension"]["bands"].pop(),
            "extension.bands: must name the product of each tariff once",
        ),
        (
            lambda one: first(one, "powerPrice")["price"].update(currency="EUR"),
            "tariffs[0].powerPrice.components[0].price.currency: is EUR; invoices are in SEK",
        ),
        (
            lambda one: first(one, "powerPrice")["price"].update(priceIncVat="1481.24"),
            "tariffs[0].powerPrice.components[0].price.priceIncVat: is 1481.24; 1185 with 25 % VAT is 1481.25",
        ),
        (
            lambda one: first(one, "powerPrice").pop("price"),
            "tariffs[0].powerPrice.components[0].price: is missing",
        ),
        (
            lambda one: first(one, "energyPrice").update(type="spot"),
            "tariffs[0].energyPrice.components[0].type: is spot",
        ),
        (
            lambda one: first(one, "fixedPrice").update(pricedPeriod="P1W"),
            "tariffs[0].fixedPrice.components[0].pricedPeriod: is P1W",
        ),
        (
            lambda one: first(one, "powerPrice").pop("peakIdentificationSettings"),
            "tariffs[0].powerPrice.components[0].peakIdentificationSettings: is missing",
        ),
        (
            lambda one: first(one, "efficiencyPrice").pop("returnTemperatureSettings"),
            "tariffs[0].efficiencyPrice.components[0].returnTemperatureSettings: is missing",
        ),
        (
            lambda one: first(one, "efficiencyPrice")["returnTemperatureSettings"].update(referenceSource="fixed"),
            "fixedReferenceTemperature: is missing",
        ),
        (
            lambda one: first(one, "energyPrice").update(unit="GJ"),
            "tariffs[0].energyPrice.components[0].unit: is GJ; energy is priced by MWh or kWh",
        ),
        (lambda one: one["extension"].pop("powerMethod"), "extension.powerMethod: is missing"),
        (without_power, "extension.overrunPerKw: is above a power that the list bills"),
        (
            lambda one: one["tariffs"][1].update(
                validPeriod={"fromIncluding": "2026-01-01", "toExcluding": "2026-12-31"}
            ),
            "tariffs[1].validPeriod: must be that of the first tariff",
        ),
        (
            lambda one: one["tariffs"][0].update(
                validPeriod={"fromIncluding": "2026-01-01", "toExcluding": "2026-01-01"}
            ),
            "toExcluding must be after fromIncluding",
        ),
        (lambda one: one.update(tariffs=[]), "tariffs: "),
        (lambda one: one.update(tariffs=[7]), "tariffs.0: "),
        (lambda one: one.pop("extension"), "extension: Field required"),
    ],
)
def test_each_fault_is_said_with_its_place(change: Callable[[Document], object], words: str) -> None:
    assert [one for one in told(change) if words in one], told(change)


def test_a_draft_may_lack_prices_that_are_not_known_yet() -> None:
    def without_july(one: Document) -> None:
        del one["tariffs"][0]["energyPrice"]["components"][1]
        one["extension"]["status"] = "draft"

    assert told(without_july) == []


def test_ids_that_are_left_out_are_made_the_same_each_time_and_none_twice() -> None:
    once, again = (price_list(document()) for _ in range(2))
    assert once == again
    ids = [one.id for one in once.tariffs]
    ids += [one.id for tariff in once.tariffs for one in tariff.energy_price.components]
    assert len(set(ids)) == len(ids) == 2 * (1 + 3)


def test_a_list_says_of_a_known_method_the_peak_that_it_measures() -> None:
    def by_the_hour(one: Document) -> None:
        for place in range(2):
            one["tariffs"][place]["powerPrice"]["components"][0]["peakIdentificationSettings"]["peakDuration"] = "PT1H"

    assert told(by_the_hour) == [
        f"tariffs[{place}].powerPrice.components[0].peakIdentificationSettings: says P1Y/PT1H/3, and powerMethod"
        " goteborg is P1Y/P1D/3; write the same, or powerMethod highest_3_hours"
        for place in range(2)
    ]


def test_a_method_that_would_fit_a_peak_is_of_the_lists_medium() -> None:
    def of_the_highest_hour(one: Document) -> None:
        for place in range(2):
            settings = one["tariffs"][place]["powerPrice"]["components"][0]["peakIdentificationSettings"]
            settings |= {"peakDuration": "PT1H", "numberOfPeaksForAverageCalculation": 1}

    assert [text.rsplit("; ", 1)[1] for text in told(of_the_highest_hour)] == [
        "write the same, or powerMethod highest_1_hours"
    ] * 2


@pytest.mark.parametrize(("name", "day"), [("fromIncluding", "1800-01-01"), ("toExcluding", "9999-12-31")])
def test_a_tariff_counts_on_days_that_a_contract_can_have(name: str, day: str) -> None:
    def moved(one: Document) -> None:
        for tariff in one["tariffs"]:
            tariff["validPeriod"][name] = day

    assert f"tariffs[0].validPeriod.{name}: is {day}; write a day from 1990-01-01 to 2060-12-31" in told(moved)


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (lambda one: one["extension"].update(name="Bas\0"), "extension.name"),
        (lambda one: one["tariffs"][1].update(name=" "), "tariffs[1].name"),
    ],
)
def test_a_text_that_cannot_be_stored_or_read_has_a_place(change: Callable[[Document], object], place: str) -> None:
    changed = document()
    change(changed)
    with pytest.raises(FaultyPriceListError) as raised:
        price_list(changed)
    assert [one.where for one in raised.value.faults] == [place]


SHORT = {
    "name": "Bas",
    "valid_from": "2024-02-10",
    "valid_to": "2026-01-20",
    "components": [
        {
            "type": "energyPrice",
            "seasons": [
                {"name": "Vinter", "months": [1, 2, 3, 12], "price_per_mwh": "500"},
                {"name": "Övrig tid", "months": list(range(4, 12)), "price_per_mwh": "200.5"},
            ],
        },
    ],
}


def test_a_list_in_short_has_one_energy_price_on_each_of_its_days() -> None:
    [tariff] = price_list(SHORT).tariffs
    day = date(2024, 2, 10)
    while day < date(2026, 1, 20):
        periods = [(one.valid_period, one.price) for one in tariff.energy_price.components]
        [price] = [price for period, price in periods if period.from_including <= day < period.to_excluding]
        assert price
        assert price.price_ex_vat == (Decimal(500) if day.month in (1, 2, 3, 12) else Decimal("200.5"))
        day = date.fromordinal(day.toordinal() + 1)
    assert tariff.valid_period.to_excluding == date(2026, 1, 20)


def terms(first_day: str, last_day: str) -> PriceListTerms:
    return price_list(SHORT | {"valid_from": first_day, "valid_to": last_day})


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        ("2024-01-01", None),
        ("2025-01-01", None),
        ("2025-07-01", None),
        ("2026-01-01", None),
        ("2026-01-02", "days between would have no price"),
        ("2024-06-01", "before the newest version"),
        ("2023-01-01", "before the newest version"),
    ],
)
def test_a_version_begins_where_one_did_or_later_and_leaves_no_day_between(begins: str, words: str | None) -> None:
    known = [terms("2024-01-01", "2025-01-01"), terms("2025-01-01", "2026-01-01")]
    fault = period_fault(known, terms(begins, "2027-01-01"))
    assert (fault is None) if words is None else (fault is not None and words in fault.what)


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("a.yaml", "a: 1\na: 2", "the field a stands there twice"),
        ("a.json", '{"a": 1, "a": 2}', "the field a stands there twice"),
        ("a.json", "{", "neither JSON nor YAML"),
        ("a.yaml", "a: [", "neither JSON nor YAML"),
        ("a.yaml", "- 1", "must hold one price list"),
        ("a.yaml", "a: !!python/object:os.system {}", "neither JSON nor YAML"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_of(tmp_path: Path, name: str, text: str, words: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(UnreadableFileError, match=words):
        read(tmp_path / name)


def test_numbers_and_days_of_a_file_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("a: 1.10\nb: 2026-01-01\nc: null\nd: no", encoding="utf-8")
    assert read(tmp_path / "a.yaml") == {"a": "1.10", "b": "2026-01-01", "c": None, "d": "no"}
