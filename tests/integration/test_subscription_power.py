"""Subscription power determined at the contracts service from a real meter's days and real weather."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.topics import CONTRACTS_CHANGED
from tests.integration.contracts_house import House, put, serving
from tests.integration.looking import let_into_every_view, told

ZONE = ZoneInfo("Europe/Stockholm")
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("subscription-power") / "contracts.log") as client:
        yield client


@pytest.fixture
def danish_house(api: httpx.Client, stack: Stack, shared_data: Path) -> House:
    """A house with the Danish meter's real days and Aalborg's real weather, and a contract at 9 kW."""
    house = House(api)
    put(api, f"/v1/contracts/K{house.number}", house.contract(powers=[{"valid_from": "2018-01-01", "kw": "9"}]))
    with (shared_data / "danish-relife/processed_final_data_sample.csv").open() as file:
        register_wh = {
            datetime.fromisoformat(row["time_rounded"]): round(float(row["energy_heat_kwh"]) * 1000)
            for row in csv.DictReader(file)
        }
    with (shared_data / "weather/temperature_hourly_2018_2019_aalborg.csv").open() as file:
        celsius = {datetime.fromisoformat(at): float(value) for at, value in csv.reader(file)}
    rises: dict[date, list[int]] = {}
    for at in list(register_wh)[:-1]:
        rises.setdefault(at.astimezone(ZONE).date(), []).append(register_wh[at + HOUR] - register_wh[at])
    means: dict[date, list[float]] = {}
    for at, value in celsius.items():
        means.setdefault(at.astimezone(ZONE).date(), []).append(value)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2018-01-01Z', '2020-12-31Z')")
        connection.cursor().executemany(
            """INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present,
                       hours_measured, is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
               VALUES (%s, %s, %s, %s, %s, %s, %s, true, 0, 0, 1, 1)""",
            [
                (house.point_id, day, sum(hours), max(hours), *[len(hours)] * 3)
                for day, hours in rises.items()
                if len(hours) >= 23
            ],
        )
        connection.cursor().executemany(
            """INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
               VALUES (%s, %s, %s, %s, 1)""",
            [
                (f"S{house.number}", day, sum(hours) / len(hours), len(hours))
                for day, hours in means.items()
                if len(hours) >= 23
            ],
        )
    return house


def determine(api: httpx.Client, house: House, winter: str) -> httpx.Response:
    return api.post("/v1/determinations", json={"metering_point": f"P{house.number}", "winter": winter})


def test_a_measured_power_changes_the_one_in_force_once_and_never_in_the_past(
    api: httpx.Client, stack: Stack, danish_house: House
) -> None:
    first = determine(api, danish_house, "2018/2019")
    assert first.status_code == 201
    found = first.json()
    assert (found["window_from"], found["window_to"]) == ("2018-11-26", "2019-02-13")
    assert (found["decision"], found["in_force_kw"]) == ("changed", "9.00")
    assert Decimal(found["kw"]) == Decimal(found["measured_kw"]).quantize(Decimal(1))
    assert date.fromisoformat(found["effective_on"]) > datetime.now(ZONE).date()
    assert len(found["points"]) == found["days"]
    again = determine(api, danish_house, "2018/2019")
    assert (again.status_code, again.json()) == (200, found)
    contract = api.get(f"/v1/contracts/K{danish_house.number}").json()
    assert [power["method"] for power in contract["powers"]] == ["entered", "minus_five"]
    events = told(stack, CONTRACTS_CHANGED, contract["contract_id"], ContractChanged, 2)
    assert [event.version for event in events] == [1, 2]
    assert events[-1].changed_from == date.fromisoformat(found["effective_on"])
    unchanged = put(
        api,
        f"/v1/contracts/K{danish_house.number}",
        danish_house.contract(powers=[{"valid_from": "2018-01-01", "kw": "9"}]),
    )
    assert unchanged.json()["result"] == "unchanged"


def highest_hours(stack: Stack, house: House) -> dict[date, int]:
    with psycopg.connect(stack.admin_dsn) as connection:
        question = "SELECT day, maximum_hour_wh FROM ingest.day WHERE point_id = %s"
        return dict(connection.execute(question, [house.point_id]).fetchall())


def correct(stack: Stack, house: House, highest_wh: dict[date, int]) -> None:
    """Store other highest hours for the days of a house, as ingest does when their readings are corrected."""
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.cursor().executemany(
            "UPDATE ingest.day SET maximum_hour_wh = %s WHERE point_id = %s AND day = %s",
            [(wh, house.point_id, day) for day, wh in highest_wh.items()],
        )


def scaled(highest_wh: dict[date, int], factor: Decimal) -> dict[date, int]:
    return {day: round(wh * factor) for day, wh in highest_wh.items()}


def measured_powers(api: httpx.Client, house: House) -> list[tuple[str, str]]:
    powers = api.get(f"/v1/contracts/K{house.number}").json()["powers"]
    return [(power["kw"], power["determination_id"]) for power in powers if power["method"] != "entered"]


def test_a_winter_that_was_corrected_is_held_against_the_power_before_it_and_not_against_itself(
    api: httpx.Client, stack: Stack, danish_house: House
) -> None:
    first = determine(api, danish_house, "2018/2019").json()
    nine_kw = Decimal("9.00") / Decimal(first["measured_kw"])
    correct(stack, danish_house, scaled(highest_hours(stack, danish_house), nine_kw))
    again = determine(api, danish_house, "2018/2019").json()
    assert (first["decision"], first["in_force_kw"]) == ("changed", "9.00")
    assert (again["decision"], again["in_force_kw"]) == ("within_threshold", "9.00")
    contract = api.get(f"/v1/contracts/K{danish_house.number}").json()
    assert [(power["method"], power["kw"]) for power in contract["powers"]] == [("entered", "9.00")]
    events = told(stack, CONTRACTS_CHANGED, contract["contract_id"], ContractChanged, 3)
    assert [len(event.powers) for event in events] == [1, 2, 1]
    assert events[-1].changed_from == date.fromisoformat(first["effective_on"])


@pytest.mark.parametrize("history", ["seven nine seven", "seven nine seven nine", "seven twelve seven", "nine seven"])
def test_the_power_in_force_follows_from_the_days_as_they_are_whatever_was_determined_between(
    api: httpx.Client, stack: Stack, danish_house: House, history: str
) -> None:
    seven = highest_hours(stack, danish_house)
    days = {"seven": seven, "nine": scaled(seven, Decimal(9) / 7), "twelve": scaled(seven, Decimal(12) / 7)}
    changes = {"seven": ("changed", "7.00"), "nine": ("within_threshold", None), "twelve": ("changed", "12.00")}
    for name in history.split():
        correct(stack, danish_house, days[name])
        answer = determine(api, danish_house, "2018/2019")
        found = answer.json()
        assert (answer.status_code, found["decision"], found["kw"]) == (201, *changes[name])
        assert found["in_force_kw"] == "9.00"
        in_force = [(found["kw"], found["determination_id"])] if found["kw"] else []
        assert measured_powers(api, danish_house) == in_force
        again = determine(api, danish_house, "2018/2019")
        assert (again.status_code, again.json()) == (200, found)


def test_a_winter_corrected_back_is_told_of_and_listed_as_it_stands(
    api: httpx.Client, stack: Stack, danish_house: House
) -> None:
    seven = highest_hours(stack, danish_house)
    nine = scaled(seven, Decimal(9) / 7)
    for days in (seven, nine, seven):
        correct(stack, danish_house, days)
        newest = determine(api, danish_house, "2018/2019").json()
    listed = api.get("/v1/determinations", params={"metering_point": f"P{danish_house.number}"}).json()
    assert [(one["decision"], one["kw"]) for one in listed["determinations"]] == [
        ("changed", "7.00"),
        ("within_threshold", None),
        ("changed", None),
    ]
    contract_id = api.get(f"/v1/contracts/K{danish_house.number}").json()["contract_id"]
    events = told(stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 4)
    assert [event.version for event in events] == [1, 2, 3, 4]
    assert [[str(power.kw) for power in event.powers] for event in events] == [
        ["9.00"],
        ["9.00", "7.00"],
        ["9.00"],
        ["9.00", "7.00"],
    ]
    assert events[-1].changed_from == date.fromisoformat(newest["effective_on"])


def test_a_winter_with_weather_to_december_only_is_not_determined_and_says_why(
    api: httpx.Client, danish_house: House
) -> None:
    found = determine(api, danish_house, "2019/2020").json()
    assert (found["decision"], found["reason"]) == ("not_determined", "too_few_cold_days")
    assert (found["measured_kw"], found["kw"]) == (None, None)
    listed = api.get("/v1/determinations", params={"metering_point": f"P{danish_house.number}"}).json()
    assert [one["winter"] for one in listed["determinations"]] == ["2019/2020"]


def test_a_winter_that_is_not_over_is_refused_before_anything_is_stored(api: httpx.Client) -> None:
    house = House(api)
    put(api, f"/v1/contracts/K{house.number}", house.contract())
    this_year = datetime.now(ZONE).year
    answer = determine(api, house, f"{this_year}/{this_year + 1}")
    assert (answer.status_code, answer.json()["code"]) == (409, "winter_not_over")
    assert f"{this_year + 1}-03-31" in answer.json()["detail"]
    listed = api.get("/v1/determinations", params={"metering_point": f"P{house.number}"}).json()
    assert listed == {"determinations": []}


def test_the_published_views_show_a_service_every_contract_and_a_visitor_without_a_session_none(
    api: httpx.Client, stack: Stack, danish_house: House
) -> None:
    determine(api, danish_house, "2018/2019")
    views = ("facility", "metering_point", "customer", "contract", "power_in_force", "determination", "price_list")
    for role, has_rows in (("billing", True), ("gateway", False)):
        with let_into_every_view(stack, role) as connection:
            for view in views:
                row = connection.execute(f"SELECT count(*) > 0 FROM contracts_v1.{view}").fetchone()
                assert row == (has_rows,), f"{role} {view}"
