"""Weather that comes after a power was determined may make the measuring period another one, wherever it lies."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import httpx
import pytest

from deploy.local.stack import Stack
from tests.integration.asked_runs import approve, finished, proposals
from tests.integration.contracts_house import serving
from tests.integration.power_street import WINTER, Street, mean_c

# Between them lie 79 days: the longest run that they leave of the winter's 151.
WITHOUT_WEATHER = (date(2018, 11, 21), date(2019, 2, 9))
RUN = ("2018-11-22", "2019-02-08")
RUN_ALONE = 79 + 79
"""What a determination summed before it took the temperatures of the whole winter: each revision is 1."""


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with serving(stack, tmp_path_factory.mktemp("power-weather") / "contracts.log") as client:
        client.timeout = httpx.Timeout(60)
        yield client


@pytest.fixture
def street(stack: Stack, api: httpx.Client) -> Street:
    street = Street(stack)
    for day in WITHOUT_WEATHER:
        street.change("DELETE FROM ingest.daily_temperature WHERE station_id = %s AND day = %s", street.name, day)
    return street


def weather_comes(street: Street) -> None:
    for day in WITHOUT_WEATHER:
        street.change(
            "INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)"
            " VALUES (%s, %s, %s, 24, 1)",
            *(street.name, day, mean_c(day)),
        )


def corrected(api: httpx.Client, street: Street) -> dict[str, dict[str, Any]]:
    found = api.get("/v1/determinations/corrected", params={"limit": 10_000}).json()["determinations"]
    return {one["metering_point"]: one for one in found if one["metering_point"].startswith(street.name)}


def newest(api: httpx.Client, number: str) -> tuple[str, str]:
    found = api.get("/v1/determinations", params={"metering_point": number}).json()["determinations"][0]
    return found["window_from"], found["window_to"]


def test_weather_that_comes_beside_the_measuring_period_is_reported_until_the_winter_is_determined_again(
    api: httpx.Client, street: Street
) -> None:
    number = street.house("12.40")
    approve(api, finished(api), number)
    assert newest(api, number) == RUN
    assert corrected(api, street) == {}
    weather_comes(street)
    assert corrected(api, street)[number]["measured_now_kw"] == "12.40"
    assert api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).status_code == 201
    assert newest(api, number) == ("2018-11-01", "2019-03-31")
    assert corrected(api, street) == {}


def test_days_beside_the_measuring_period_choose_nothing_and_are_not_reported(
    api: httpx.Client, street: Street
) -> None:
    number = street.house("12.40")
    approve(api, finished(api), number)
    change = "UPDATE ingest.day SET maximum_hour_wh = 1, revision = 2 WHERE point_id = %s AND day = %s"
    street.change(change, street.point_id(number), "2018-11-05")
    assert corrected(api, street) == {}
    street.change(change, street.point_id(number), "2018-12-05")
    assert corrected(api, street).keys() == {number}


@pytest.mark.parametrize("noted_as", ["determination", "proposal"])
def test_what_was_determined_before_all_weather_counted_is_compared_by_its_measuring_period_alone(
    api: httpx.Client, street: Street, noted_as: str
) -> None:
    number = street.house("12.40")
    run = finished(api)
    before = "SET weather_of_period = false, revision_sum = %s WHERE point_id = %s"
    if noted_as == "proposal":
        street.change(f"UPDATE contracts.power_proposal {before}", RUN_ALONE, street.point_id(number))
    assert proposals(api, run, street).keys() == {number}
    approve(api, run, number)
    if noted_as == "determination":
        street.change(f"UPDATE contracts.determination {before}", RUN_ALONE, street.point_id(number))
    assert corrected(api, street) == {}
    street.change("UPDATE ingest.daily_temperature SET revision = 2 WHERE station_id = %s AND day = '2019-01-10'",
                  street.name)  # fmt: skip
    assert corrected(api, street).keys() == {number}
    assert api.post("/v1/determinations", json={"metering_point": number, "winter": WINTER}).status_code == 200
    assert corrected(api, street) == {}
    weather_comes(street)
    assert corrected(api, street).keys() == {number}
