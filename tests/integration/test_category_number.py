"""Subscription power by category number: a normal year as ingest corrects it, through the hours of the category."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from services.contracts.core import price_list_documents
from tests.integration.asked_runs import approve, finished, proposals
from tests.integration.contracts_house import BAS_2018, put, serving
from tests.integration.power_street import WINTER, Street


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("category-number") / "contracts.log") as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture
def street(stack: Stack, api: httpx.Client) -> Street:
    return Street(stack)


@pytest.fixture
def by_category(api: httpx.Client) -> str:
    """A price list whose power is a normal year's energy through 2,200 hours of a small house."""
    document = price_list_documents.price_list(BAS_2018).model_dump(mode="json", by_alias=True)
    hours = [{"category": "small_house", "hours": "2200"}]
    extension = document["extension"] | {"powerMethod": "category_number", "utilisationHours": hours}
    answer = put(api, "/v1/price-lists/by-category", document | {"extension": extension})
    assert answer.status_code in (200, 201), answer.text
    return "by-category"


def a_year(street: Street, number: str, days: int = 365) -> None:
    """From May to April 24 kWh a day in July and August, else 124; a normal year is a tenth colder than each month."""
    point = street.point_id(number)
    street.change("INSERT INTO ingest.point VALUES (%s, %s, %s, 'heat', 50, 1)", point, number, street.name)
    street.change("INSERT INTO ingest.point_state (point_id) VALUES (%s)", point)
    street.change(
        "INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present,"
        " hours_measured, is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)"
        " SELECT %s, day::date, CASE WHEN extract(month FROM day) IN (7, 8) THEN 24000 ELSE 124000 END, 6000, 24, 24,"
        "        24, true, 0, 0, 1, 1"
        "   FROM generate_series(timestamp '2018-05-01', timestamp '2019-04-30', interval '1 day') AS day LIMIT %s",
        *(point, days),
    )
    street.change(
        "INSERT INTO ingest.normal_factor SELECT %s, month::date, 1.1, 'test'"
        "  FROM generate_series(timestamp '2018-05-01', timestamp '2019-04-01', interval '1 month') AS month"
        " ON CONFLICT DO NOTHING",
        street.name,
    )


def test_a_category_number_is_a_normal_years_energy_through_the_hours_of_the_category(
    api: httpx.Client, street: Street, by_category: str
) -> None:
    whole, lacking, without = (street.house(None, price_list=by_category) for _ in range(3))
    a_year(street, whole)
    a_year(street, lacking, days=364)
    run = finished(api, "2019-05-30")
    found = proposals(api, run, street)
    # 303 days of 124 kWh, of which 100 follow the weather and are a tenth more in a normal year; 62 of 24 kWh:
    # 40,602 + 1,488 kWh, through 2,200 hours.
    expected = (Decimal(303 * 134 + 62 * 24) / 2_200).quantize(Decimal("0.01"))
    assert Decimal(found[whole]["measured_kw"]) == expected == Decimal("19.13")
    assert [found[whole][name] for name in ("method", "decision", "kw")] == ["category_number", "changed", "19.00"]
    for number in (lacking, without):
        assert (found[number]["reason"], found[number]["measured_kw"]) == ("no_normal_year", None)
    assert approve(api, run, whole).json()["changed"] == 1
    assert street.powers(whole) == [("9.00", "entered"), ("19.00", "category_number")]
    # By hand a winter's newest twelve months are asked for: those of 2019, of which most have no figures here.
    by_hand = api.post("/v1/determinations", json={"metering_point": whole, "winter": WINTER})
    assert by_hand.json()["reason"] == "no_normal_year"


def test_a_category_without_hours_in_the_price_list_has_no_power(
    api: httpx.Client, street: Street, by_category: str
) -> None:
    number = street.house(None, price_list=by_category)
    street.change("UPDATE contracts.facility SET category = 'industry' WHERE facility_number = %s", number)
    a_year(street, number)
    found = proposals(api, finished(api, "2019-05-31"), street)
    assert found[number]["reason"] == "no_normal_year"


@pytest.fixture
def by_yearly_energy(api: httpx.Client) -> str:
    """A price list with a band up to 42 MWh of the normal year, and one above."""
    others = [one for one in BAS_2018["components"] if one["type"] != "powerPrice"]
    bands = [
        {"from_mwh": "0", "to_mwh": "42", "fixed_per_year": "3600"},
        {"from_mwh": "42", "to_mwh": None, "fixed_per_year": "5400"},
    ]
    document = BAS_2018 | {"components": [*others, {"type": "yearlyEnergyPrice", "bands": bands}]}
    answer = put(api, "/v1/price-lists/by-energy", document)
    assert answer.status_code in (200, 201), answer.text
    return "by-energy"


def test_a_yearly_energy_is_a_normal_years_mwh_and_no_share_of_the_networks_kilowatts(
    api: httpx.Client, street: Street, by_category: str, by_yearly_energy: str
) -> None:
    house, other = street.house(None, price_list=by_yearly_energy), street.house(None, price_list=by_category)
    for number in (house, other):
        a_year(street, number)
    run = finished(api, "2019-05-28")
    found = proposals(api, run, street)
    # The same 42,090 kWh: above the band that ends at 42 MWh, which in whole MWh it would be in.
    assert [found[house][name] for name in ("measured_kw", "decision", "kw")] == ["42.09", "changed", "42.09"]
    assert found[house]["share_percent"] is None
    assert found[other]["share_percent"] is not None
    assert approve(api, run, house).json()["changed"] == 1
    assert street.powers(house) == [("9.00", "entered"), ("42.09", "yearly_energy")]


def corrected(api: httpx.Client, street: Street) -> dict[str, dict[str, Any]]:
    found = api.get("/v1/determinations/corrected", params={"limit": 10_000}).json()["determinations"]
    return {one["metering_point"]: one for one in found if one["metering_point"].startswith(street.name)}


def test_months_corrected_after_a_decision_are_reported_through_the_hours_of_the_category(
    api: httpx.Client, street: Street, by_category: str, by_yearly_energy: str
) -> None:
    number, energy, untouched = (
        street.house(None, price_list=one) for one in (by_category, by_yearly_energy, by_category)
    )
    for house in (number, energy, untouched):
        a_year(street, house)
    run = finished(api, "2019-05-27")
    approve(api, run, number, energy, untouched)
    assert corrected(api, street) == {}
    for house in (number, energy):
        street.change(
            "UPDATE ingest.day SET energy_wh = 224000, revision = 2 WHERE point_id = %s AND day = '2019-01-10'",
            street.point_id(house),
        )
    found = corrected(api, street)
    assert found.keys() == {number, energy}
    # 100 kWh more on one day of January, all of which follow the weather: 42,090 + 110 kWh, through 2,200 hours.
    assert [found[number][name] for name in ("measured_kw", "measured_now_kw", "reason_now")] == [
        "19.13",
        "19.18",
        None,
    ]
    assert [found[energy][name] for name in ("measured_kw", "measured_now_kw")] == ["42.09", "42.20"]
    approve(api, finished(api, "2019-05-27"), number, energy)
    assert street.powers(number) == [("9.00", "entered"), ("19.00", "category_number")]


@pytest.fixture
def turning(api: httpx.Client) -> str:
    """A price list that bills power until June 2019, and by the yearly energy from then on."""
    others = [one for one in BAS_2018["components"] if one["type"] != "powerPrice"]
    bands = [
        {"from_mwh": "0", "to_mwh": "42", "fixed_per_year": "3600"},
        {"from_mwh": "42", "to_mwh": None, "fixed_per_year": "5400"},
    ]
    for version in (
        BAS_2018 | {"valid_to": None},
        BAS_2018
        | {
            "valid_from": "2019-06-01",
            "valid_to": None,
            "components": [*others, {"type": "yearlyEnergyPrice", "bands": bands}],
        },
    ):
        answer = put(api, "/v1/price-lists/turning", version)
        assert answer.is_success or "begins on" in answer.text, answer.text
    return "turning"


def test_a_run_measures_the_yearly_energy_for_the_day_on_which_a_list_turns_to_it(
    api: httpx.Client, street: Street, turning: str
) -> None:
    # The kW in force are as many as the MWh, and are not compared.
    number = street.house(None, price_list=turning, in_force_kw="42.09")
    a_year(street, number)
    run = finished(api, "2019-05-26")
    found = proposals(api, run, street)[number]
    assert [found[name] for name in ("method", "decision", "measured_kw", "in_force_kw", "kw", "effective_on")] == [
        "yearly_energy", "changed", "42.09", None, "42.09", "2019-06-01",
    ]  # fmt: skip
    assert approve(api, run, number).json()["changed"] == 1
    assert street.powers(number) == [("42.09", "entered"), ("42.09", "yearly_energy")]


def test_a_power_proposed_before_the_list_turned_to_the_yearly_energy_lapses(
    api: httpx.Client, street: Street, turning: str
) -> None:
    number = street.house("12.40", price_list=turning)
    run = finished(api, "2019-04-11")
    assert proposals(api, run, street)[number]["decision"] == "changed"
    approved = approve(api, run, number).json()
    assert (approved["changed"], approved["lapsed"]) == (0, 1)
    assert street.powers(number) == [("9.00", "entered")]


def test_a_measured_power_takes_the_place_of_a_yearly_energy_whatever_their_figures(
    api: httpx.Client, street: Street
) -> None:
    number = street.house("12.40", in_force_kw="12")
    street.change(
        "UPDATE contracts.power_in_force SET method = 'entered_energy'"
        " WHERE contract_id = (SELECT contract_id FROM contracts.contract WHERE contract_number = %s)",
        number,
    )
    determined = api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).json()
    assert [determined[name] for name in ("decision", "measured_kw", "in_force_kw", "kw")] == [
        "changed", "12.40", None, "12.00",
    ]  # fmt: skip
    assert street.powers(number) == [("12.00", "entered_energy"), ("12.00", "minus_five")]
