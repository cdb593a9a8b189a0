"""The power in force where several winters are determined: it follows from which, and not from their order."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import psycopg
import pytest

from deploy.local.stack import Stack
from schemas.contracts import ContractChanged
from schemas.topics import CONTRACTS_CHANGED
from tests.integration.contracts_house import House, put, serving
from tests.integration.looking import told

OLDEST, OLDER, NEWER = "2016/2017", "2017/2018", "2018/2019"
WINTER_DAYS = 151
WH_PER_DEGREE = 200


@pytest.fixture(scope="module")
def api(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2016-11-01Z', '2019-04-01Z')")
    with serving(stack, tmp_path_factory.mktemp("several-winters") / "contracts.log") as client:
        yield client


def house_at_nine_kw(api: httpx.Client) -> House:
    house = House(api)
    put(api, f"/v1/contracts/K{house.number}", house.contract(powers=[{"valid_from": "2018-01-01", "kw": "9"}]))
    return house


def measure(stack: Stack, house: House, winter: str, kw: str | None) -> None:
    """Store days on a straight line that is at `kw` at -5 C, or none of the winter's days."""
    first = date(int(winter[:4]), 11, 1)
    days = [(first + timedelta(days=number), -1 - number % 9) for number in range(WINTER_DAYS)]
    span = [house.point_id, days[0][0], days[-1][0]]
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("DELETE FROM ingest.day WHERE point_id = %s AND day BETWEEN %s AND %s", span)
        if kw is None:
            return
        at_minus_five_wh = int(Decimal(kw) * 1000)
        connection.cursor().executemany(
            """INSERT INTO ingest.day (point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present,
                       hours_measured, is_measured, energy_return_wh_centi_c, energy_with_return_wh, quality, revision)
               VALUES (%s, %s, 24000, %s, 24, 24, 24, true, 0, 0, 1, 1)""",
            [(house.point_id, day, at_minus_five_wh - WH_PER_DEGREE * (mean_c + 5)) for day, mean_c in days],
        )
        connection.cursor().executemany(
            """INSERT INTO ingest.daily_temperature (station_id, day, mean_c, hours, revision)
               VALUES (%s, %s, %s, 24, 1) ON CONFLICT DO NOTHING""",
            [(f"S{house.number}", day, mean_c) for day, mean_c in days],
        )


def determine(api: httpx.Client, house: House, winter: str) -> dict[str, Any]:
    answer = api.post("/v1/determinations", json={"metering_point": f"P{house.number}", "winter": winter})
    assert answer.status_code in (200, 201), answer.text
    return dict(answer.json())


def powers(api: httpx.Client, house: House) -> list[str]:
    """Give the powers of a house, the one that was entered first."""
    return [power["kw"] for power in api.get(f"/v1/contracts/K{house.number}").json()["powers"]]


@pytest.mark.parametrize(
    ("measured", "in_force"),
    [
        ({OLDER: "12", NEWER: "7"}, ["9.00", "7.00"]),
        ({OLDER: "12", NEWER: "9.20"}, ["9.00"]),
        ({OLDER: "12", NEWER: None}, ["9.00", "12.00"]),
        ({OLDER: None, NEWER: "7"}, ["9.00", "7.00"]),
        ({OLDER: "12", NEWER: "12"}, ["9.00", "12.00"]),
        ({OLDEST: "15", OLDER: "12", NEWER: None}, ["9.00", "12.00"]),
        ({OLDEST: "15", OLDER: "9.20", NEWER: None}, ["9.00"]),
    ],
    ids=lambda case: " ".join(map(str, case.values() if isinstance(case, dict) else case)),
)
def test_the_power_in_force_follows_from_the_winters_determined_and_not_from_their_order(
    api: httpx.Client, stack: Stack, measured: dict[str, str | None], in_force: list[str]
) -> None:
    for order in permutations(measured):
        house = house_at_nine_kw(api)
        for winter, kw in measured.items():
            measure(stack, house, winter, kw)
        for winter in order:
            assert determine(api, house, winter)["in_force_kw"] == "9.00"
        assert powers(api, house) == in_force, order


def test_an_older_winter_determined_later_changes_nothing_and_names_the_newer_one(
    api: httpx.Client, stack: Stack
) -> None:
    house = house_at_nine_kw(api)
    measure(stack, house, OLDER, "12")
    measure(stack, house, NEWER, "7")
    newer = determine(api, house, NEWER)
    older = determine(api, house, OLDER)
    assert (newer["kw"], newer["newer_winter"]) == ("7.00", None)
    assert (older["decision"], older["measured_kw"], older["kw"]) == ("changed", "12.00", None)
    assert older["newer_winter"] == NEWER
    contract_id = api.get(f"/v1/contracts/K{house.number}").json()["contract_id"]
    events = told(stack, CONTRACTS_CHANGED, contract_id, ContractChanged, 2)
    assert [[str(power.kw) for power in event.powers] for event in events] == [["9.00"], ["9.00", "7.00"]]


def test_an_older_winter_counts_again_where_the_newer_one_is_corrected_to_say_nothing(
    api: httpx.Client, stack: Stack
) -> None:
    house = house_at_nine_kw(api)
    measure(stack, house, OLDER, "12")
    measure(stack, house, NEWER, "7")
    for winter, after in ((OLDER, "12.00"), (NEWER, "7.00")):
        determine(api, house, winter)
        assert powers(api, house) == ["9.00", after]
    measure(stack, house, NEWER, None)
    assert determine(api, house, NEWER)["kw"] is None
    assert powers(api, house) == ["9.00", "12.00"]
    measure(stack, house, NEWER, "7")
    determine(api, house, NEWER)
    assert powers(api, house) == ["9.00", "7.00"]


def test_an_older_winter_changes_nothing_where_the_newer_ones_power_counts_already(
    api: httpx.Client, stack: Stack
) -> None:
    house = house_at_nine_kw(api)
    measure(stack, house, OLDER, "12")
    measure(stack, house, NEWER, "7")
    newer = determine(api, house, NEWER)
    begun = datetime.now(ZoneInfo("Europe/Stockholm")).date() - timedelta(days=40)
    with psycopg.connect(stack.admin_dsn) as connection:
        for table, column in (("power_in_force", "valid_from"), ("determination", "effective_on")):
            moved = f"UPDATE contracts.{table} SET {column} = %s WHERE determination_id = %s"
            connection.execute(moved.encode(), [begun, newer["determination_id"]])
    older = determine(api, house, OLDER)
    assert (older["in_force_kw"], older["decision"], older["kw"]) == ("7.00", "changed", None)
    assert powers(api, house) == ["9.00", "7.00"]
