"""Rates over time, by component or by product: decided, forecast, and none where nothing is known."""

from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.integration.contracts.tariff_api.draft import answered, refused
from tests.integration.contracts.tariff_api.lists import STOCKHOLM, PriceLists, energy, price, tariff, today, year_of

YEAR = today().year


def entries(answer: httpx.Response, which: str = "actual") -> list[tuple[str, str, Decimal]]:
    document = answered(answer, "PricesResponse")
    return [(one["start"], one["end"], one["priceExVat"]) for one in document.get(which, [])]


def test_a_product_has_its_energys_rate_by_the_mwh(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR))
    document = answered(public.get("/prices", params={"product": lists.product}), "PricesResponse")
    assert (document["currency"], document["unit"]) == ("SEK", "MWh")
    assert "preview" not in document


def test_a_year_of_a_product_is_its_rates_one_after_the_other(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR))
    span = {"fromIncluding": f"{YEAR}-01-01T00:00:00+01:00", "toExcluding": f"{YEAR + 1}-01-01T00:00:00+01:00"}
    found = entries(public.get("/prices", params={"product": lists.product, **span}))
    assert [rate for _, _, rate in found] == [531, 531, 531, 366, 167, 102, 102, 102, 148, 366, 422, 531]
    assert found[3][:2] == (f"{YEAR}-04-01T00:00:00+02:00", f"{YEAR}-05-01T00:00:00+02:00")
    assert [end for _, end, _ in found[:-1]] == [start for start, _, _ in found[1:]]


def test_a_day_has_the_rates_of_its_local_hours_also_where_it_has_23(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, 2026))
    asked = {"product": lists.product, "date": "2026-03-29", "fromIncluding": "2026-01-01T00:00:00Z"}
    assert entries(public.get("/prices", params=asked)) == [
        ("2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00", Decimal(531))
    ]


def test_seven_days_from_today_are_meant_where_nothing_is_said(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(*(tariff(lists.product, YEAR),))
    lists.put(tariff(lists.product, YEAR + 1))
    found = entries(public.get("/prices", params={"product": lists.product}))
    midnight = datetime.combine(today(), time(), STOCKHOLM)
    assert found[0][0] == midnight.isoformat()
    assert found[-1][1] == (midnight + timedelta(days=7)).isoformat()


def test_seven_days_from_a_time_are_meant_where_no_end_is_said(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, 2026))
    asked = {"product": lists.product, "fromIncluding": "2026-05-28T12:00:00+02:00"}
    assert entries(public.get("/prices", params=asked)) == [
        ("2026-05-28T12:00:00+02:00", "2026-06-01T00:00:00+02:00", Decimal(167)),
        ("2026-06-01T00:00:00+02:00", "2026-06-04T12:00:00+02:00", Decimal(102)),
    ]


def test_a_forecast_is_a_preview_and_only_where_nothing_is_decided(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, 2026))
    dearer = energy(2027, {"600": list(range(1, 13))})
    forecast = tariff(lists.product, 2027)
    forecast["energyPrice"]["components"] = dearer
    lists.put(forecast, status="forecast")
    again = tariff(lists.product, 2026)
    again["energyPrice"]["components"] = energy(2026, {"999": list(range(1, 13))})
    lists.put(again, status="forecast")
    asked = {"product": lists.product, "fromIncluding": "2026-12-30T00:00:00+01:00"}
    answer = public.get("/prices", params=asked)
    assert entries(answer) == [("2026-12-30T00:00:00+01:00", "2027-01-01T00:00:00+01:00", Decimal(531))]
    assert entries(answer, "preview") == [("2027-01-01T00:00:00+01:00", "2027-01-06T00:00:00+01:00", Decimal(600))]


def test_what_counts_at_once_adds_up(public: httpx.Client, lists: PriceLists) -> None:
    both = tariff(lists.product, 2026)
    grid = {"name": "Nät", "reference": "grid", "validPeriod": year_of(2026), "price": price("0.02"), "unit": "kWh"}
    both["energyPrice"]["components"].append(grid)
    lists.put(both)
    asked = {"product": lists.product, "date": "2026-07-15"}
    (only,) = answered(public.get("/prices", params=asked), "PricesResponse")["actual"]
    assert (only["priceExVat"], only["priceIncVat"]) == (Decimal("122"), Decimal("152.5"))


def component(given: dict[str, Any], group: str, place: int = 0) -> str:
    return str(given[group]["components"][place]["id"])


@pytest.mark.parametrize(
    ("group", "unit", "rate"),
    [
        ("fixedPrice", "P1Y", 10870),
        ("energyPrice", "MWh", 531),
        ("powerPrice", "kW", 1185),
        ("efficiencyPrice", "MWh·°C", 7),
    ],
)
def test_a_component_has_its_own_rate_and_unit(
    public: httpx.Client, lists: PriceLists, group: str, unit: str, rate: int
) -> None:
    lists.put(tariff(lists.product, YEAR + 1))
    (given,) = lists.given()
    asked = {"componentId": component(given, group), "date": f"{YEAR + 1}-01-20"}
    answer = public.get("/prices", params=asked)
    assert answered(answer, "PricesResponse")["unit"] == unit
    assert [found for _, _, found in entries(answer)] == [rate]


def test_a_component_is_asked_for_before_a_product(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR + 1))
    own = component(lists.given()[0], "powerPrice")
    asked = {"componentId": own, "product": "nothing", "date": f"{YEAR + 1}-01-20"}
    assert answered(public.get("/prices", params=asked), "PricesResponse")["unit"] == "kW"


def test_a_component_has_no_rate_outside_its_season(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR + 1))
    asked = {"componentId": component(lists.given()[0], "efficiencyPrice"), "date": f"{YEAR + 1}-07-20"}
    assert entries(public.get("/prices", params=asked)) == []


def test_a_components_forecast_is_that_of_the_same_product_and_name(public: httpx.Client, lists: PriceLists) -> None:
    lists.put(tariff(lists.product, YEAR))
    own = component(lists.given()[0], "powerPrice")
    forecast = tariff(lists.product, YEAR + 1)
    forecast["powerPrice"]["components"][0]["price"] = price(1200)
    lists.put(forecast, status="forecast")
    answer = public.get("/prices", params={"componentId": own, "date": f"{YEAR + 1}-01-20"})
    assert entries(answer) == []
    assert [rate for _, _, rate in entries(answer, "preview")] == [1200]


def test_a_rate_that_changes_by_the_hour_is_not_offered(public: httpx.Client, lists: PriceLists) -> None:
    hourly = tariff(lists.product, YEAR + 1)
    hours = {"fromIncluding": "07:00:00", "toExcluding": "20:00:00", "calendarPatternReferences": {}}
    hourly["energyPrice"]["components"][0]["recurringPeriods"] = [
        {"reference": "main", "frequency": "P1D", "activePeriods": [hours]}
    ]
    lists.put(hourly, status="forecast")
    refused(public.get("/prices", params={"product": lists.product, "date": f"{YEAR + 1}-01-20"}), 501)


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({}, "give componentId or product"),
        ({"date": "2026-01-01"}, "give componentId or product"),
        ({"componentId": "1"}, "componentId: write an id (UUID)"),
        ({"componentId": ""}, "componentId: write an id (UUID)"),
        ({"componentId": "urn:uuid:6f9619ff-8b86-d011-b42d-00c04fc964ff"}, "componentId: write an id (UUID)"),
        ({"product": ""}, "product: it must not be empty"),
        ({"product": "x" * 201}, "product: write at most 200 characters"),
        ({"product": "x", "date": "2026-02-30"}, "date: write a day as in 2026-01-31"),
        ({"product": "x", "date": "20260131"}, "date: write a day as in 2026-01-31"),
        ({"product": "x", "date": "1767222000"}, "date: write a day as in 2026-01-31"),
        ({"product": "x", "date": "9999-12-31"}, "of 1900 to 2199"),
        ({"product": "x", "date": "0001-01-01"}, "of 1900 to 2199"),
        ({"product": "x", "fromIncluding": "2026-01-01T00:00:00"}, "fromIncluding: write a time with its offset"),
        ({"product": "x", "fromIncluding": "2026-01-01"}, "fromIncluding: write a time with its offset"),
        ({"product": "x", "fromIncluding": "2026-01-01T00:00:00 01:00"}, "%2B"),
        ({"product": "x", "toExcluding": "2026-01-01T25:00:00Z"}, "toExcluding: write a time with its offset"),
        ({"product": "x", "toExcluding": "2026-01-01T00:00:00.5Z"}, "toExcluding: write a time with its offset"),
        ({"product": "x", "toExcluding": "2001-01-01T00:00:00Z"}, "toExcluding must be after fromIncluding"),
        ({"product": "x", "from": "2026-01-01T00:00:00Z"}, "from: there is no such field"),
    ],
)
def test_a_question_that_does_not_fit_is_answered_with_what_to_write(
    public: httpx.Client, asked: dict[str, str], told: str
) -> None:
    assert told in refused(public.get("/prices", params=asked), 400)


@pytest.mark.parametrize("end", ["2026-01-01T00:00:00+01:00", "2025-12-31T23:00:00Z"])
def test_a_span_without_any_time_in_it_is_refused(public: httpx.Client, end: str) -> None:
    asked = {"product": "x", "fromIncluding": "2026-01-01T00:00:00+01:00", "toExcluding": end}
    assert "must be after" in refused(public.get("/prices", params=asked), 400)


def test_a_plus_that_is_not_escaped_is_told_of(public: httpx.Client) -> None:
    answer = public.get("/prices?product=x&fromIncluding=2026-01-01T00:00:00+01:00")
    assert "%2B" in refused(answer, 400)


def test_a_parameter_given_twice_is_refused(public: httpx.Client) -> None:
    refused(public.get("/prices?product=x&product=y"), 400)


@pytest.mark.parametrize("asked", [{"product": "nothing"}, {"componentId": "6f9619ff-8b86-4011-b42d-00c04fc964ff"}])
def test_what_nobody_has_a_price_for_is_not_found(public: httpx.Client, asked: dict[str, str]) -> None:
    refused(public.get("/prices", params=asked), 404)
