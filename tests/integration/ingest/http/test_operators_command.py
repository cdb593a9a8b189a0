"""What an operator types: what waits, why a figure is what it is, and what is done about it."""

import json
from pathlib import Path

import pytest

from tests.integration.ingest.http.door import Door, new_serial
from tests.integration.ingest.http.test_operators import at, readings, sent, until_hours
from tests.integration.kulvert_command import Kulvert


@pytest.fixture
def kulvert(door: Door, tmp_path: Path) -> Kulvert:
    return Kulvert(door.stack, tmp_path)


def test_an_operator_finds_explains_and_corrects_a_register(door: Door, kulvert: Kulvert) -> None:
    point = sent(door, {hour: 53_000_000 + 2_000 * hour for hour in (0, 2, 3)} | {1: 52_000_000})
    waiting = kulvert.does("work-list", "--point", point)
    assert "register_went_backwards" in waiting
    assert "4.0" in waiting
    kept = kulvert.does(
        *("edit", "correct", point, "2024-01-10T01:00", "--energy-wh", 53_002_500),
        *("--cause", "photo of the meter", "--who", "Anna Berg"),
    )
    look = kept.split("with: kulvert ")[1].split()
    assert kulvert.does(*look).startswith(f"{point}, hour from 2024-01-10 01:00")
    until_hours(door, point, [(0, 2_500, "manual"), (1, 1_500, "manual"), (2, 2_000, "measured")])
    explained = kulvert.does("explain", "hour", point, "2024-01-10T00", "--raw")
    assert "2.500 kWh, manual, revision 2" in explained
    assert "register at 01:00 minus register at 00:00" in explained
    assert "photo of the meter" in explained
    assert '"energy_wh": 53002500' in explained
    assert "nothing waits" in kulvert.does("work-list", "--point", point)
    assert "Anna Berg" in kulvert.does("edit", "list", "--point", point)


def test_an_explanation_for_programs_has_it_all(door: Door, kulvert: Kulvert) -> None:
    point = sent(door, {0: 0, 1: 1_000})
    found = json.loads(kulvert.does("explain", "day", point, "2024-01-10", "--format", "json"))
    assert found["hours"][0]["energy_wh"] == 1_000
    delivery_id = found["registers"][0]["readings"][0]["delivery"]["delivery_id"]
    assert json.loads(kulvert.does("explain", "delivery", delivery_id)) == readings(point, {0: 0, 1: 1_000})


def test_a_figure_that_does_not_add_up_ends_the_command_with_an_error(door: Door, kulvert: Kulvert) -> None:
    point = sent(door, {0: 0, 1: 1_000})
    door.rows(
        "UPDATE ingest.hour SET energy_wh = 7 FROM ingest.point"
        " WHERE point.point_id = hour.point_id AND point.number = %s RETURNING 1",
        point,
    )
    told = kulvert.run("explain", "hour", point, "2024-01-10T00")
    assert told.returncode == 1
    assert "THIS DOES NOT ADD UP" in told.stderr


def test_a_meter_is_put_where_it_sat_without_losing_where_it_sat_before(door: Door, kulvert: Kulvert) -> None:
    serial, first, second = new_serial(), door.point(), door.point()
    kulvert.does(
        *("edit", "assign-meter", serial, first, "--installed-at", "2020-05-04T10:00", "--cause", "was missing"),
        *("--removed-at", "2023-01-01T00:00", "--stop-wh", 5_000),
    )
    kulvert.does("edit", "assign-meter", serial, second, "--installed-at", at(0), "--cause", "moved")
    meter = door.staff.get(f"/v1/meters/{serial}").json()
    assert [one["metering_point"] for one in meter["installations"]] == [first, second]
    assert meter["installations"][0]["stop_wh"] == 5_000


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["explain", "hour", "MP-0", "2024-01-10T00"], "There is no metering point 'MP-0' here"),
        (["explain", "hour", "MP-0", "noon"], "write an hour as in"),
        (["edit", "accept", "MP-0", "2024-10-27T02:30", "--cause", "x y z"], "give the offset"),
        (["work-list", "--reason", "nothing"], "A reason is one of"),
    ],
)
def test_what_cannot_be_answered_is_said_in_a_sentence(kulvert: Kulvert, arguments: list[str], said: str) -> None:
    told = kulvert.run(*arguments)
    assert told.returncode != 0
    assert said in " ".join(told.stderr.replace("│", " ").split())
    assert "Traceback" not in told.stderr
