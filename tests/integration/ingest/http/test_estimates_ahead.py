"""An operator has what was used since the last reading estimated, for an invoice that cannot wait."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.ingest.http.door import Door
from tests.integration.ingest.http.test_operators import SIGNED, at, edit, explained, sent, until_hours, work
from tests.integration.kulvert_command import Kulvert

READ = {hour: 500_000 + 1_000 * hour for hour in range(25)}
"""A day of 1 kWh an hour, up to the midnight that begins 2024-01-11."""
MEASURED = [(hour, 1_000, "measured") for hour in range(24)]


def ask(door: Door, *points: str, until: str = "2024-01-12", **more: Any) -> httpx.Response:
    body = SIGNED | {"metering_points": points, "until": until} | more
    return door.staff.post("/v1/estimates-ahead", json=body)


def only(answer: httpx.Response) -> dict[str, Any]:
    assert answer.status_code == 200, answer.text
    [found] = answer.json()["estimates"]
    return dict(found)


def test_what_was_used_since_is_estimated_until_it_is_read(door: Door) -> None:
    point = sent(door, READ)
    found = only(ask(door, point))
    assert (found["energy_wh"], found["by"]) == (24_000, "mean_of_30_days_before")
    until_hours(door, point, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 48)])
    hour = explained(door, point, f"hours/{at(30)[:13]}")
    assert hour["adds_up"] is True
    assert "an estimate stands ahead of the last reading" in hour["hour"]["rule"]
    told = hour["estimated_ahead"]
    assert (told["by"], told["who"]) == ("mean_of_30_days_before", "Anna Berg")
    assert explained(door, point, "days/2024-01-11")["estimated_ahead"] == told
    assert explained(door, point, "days/2024-01-10")["estimated_ahead"] is None
    assert [one["action"] for one in hour["edits"]] == ["estimate_ahead"]
    assert work(door, point) == []
    # The meter comes back lower than it was thought to be.
    for back in (50, 51):
        door.sender.judged(
            door.sender.post(
                [{"metering_point": point, "read_at": at(back), "energy_wh": 500_000 + 500 * back + 12_000}]
            )
        )
    until_hours(door, point, MEASURED + [(hour, 500, "estimated") for hour in range(24, 50)] + [(50, 500, "measured")])
    hour = explained(door, point, f"hours/{at(30)[:13]}")
    assert hour["estimated_ahead"] is None
    assert [one["verdict"] for one in hour["not_used"]] == ["overtaken_estimate"]
    assert work(door, point) == []


def test_a_dry_run_says_what_would_be_estimated_and_does_nothing(door: Door) -> None:
    point = sent(door, READ)
    found = only(ask(door, point, dry_run=True))
    assert found["energy_wh"] == 24_000
    assert "edit_id" not in found
    assert door.staff.get("/v1/edits", params={"point": point}).json()["edits"] == []
    assert door.rows(
        "SELECT count(*) FROM ingest.reading JOIN ingest.point USING (point_id) WHERE number = %s", point
    ) == [(len(READ),)]


def test_volume_is_estimated_in_proportion(door: Door) -> None:
    point = door.point()
    rows = [
        {"metering_point": point, "read_at": at(hour), "energy_wh": wh, "volume_l": 9_000 + 25 * hour}
        for hour, wh in READ.items()
    ]
    door.sender.judged(door.sender.post(rows))
    assert only(ask(door, point, dry_run=True))["volume_l"] == 24 * 25


def test_the_same_days_a_year_before_count_before_the_mean(door: Door) -> None:
    point = door.point()
    year_before = [
        {
            "metering_point": point,
            "read_at": f"2023-01-{11 + hour // 24}T{hour % 24:02d}:00:00+01:00",
            "energy_wh": 3_000 * hour,
        }
        for hour in range(25)
    ]
    door.sender.judged(door.sender.post(year_before))
    rows = [{"metering_point": point, "read_at": at(hour), "energy_wh": wh} for hour, wh in READ.items()]
    door.sender.judged(door.sender.post(rows))
    found = only(ask(door, point, dry_run=True))
    assert (found["energy_wh"], found["by"]) == (72_000, "same_days_a_year_before")


def test_a_register_that_rolls_over_meanwhile_does_so_in_the_estimate(door: Door) -> None:
    [point_id] = door.points.add()
    door.points.install(f"S-{uuid4().hex[:12]}", point_id, 0, modulus_wh=530_000)
    point = f"MP-{point_id}"
    door.sender.judged(
        door.sender.post([{"metering_point": point, "read_at": at(hour), "energy_wh": wh} for hour, wh in READ.items()])
    )
    assert only(ask(door, point))["result"] == "estimated"
    until_hours(door, point, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 48)])


def test_an_estimate_goes_on_from_the_one_before_it(door: Door) -> None:
    point = sent(door, READ)
    ask(door, point)
    until_hours(door, point, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 48)])
    assert only(ask(door, point))["reason"] == "already_known"
    assert only(ask(door, point, until="2024-01-13"))["from"] == "2024-01-11T23:00:00+00:00"
    until_hours(door, point, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 72)])


def test_an_estimate_can_be_withdrawn_and_made_again(door: Door) -> None:
    point = sent(door, READ)
    ask(door, point)
    estimated = [(hour, 1_000, "estimated") for hour in range(24, 48)]
    until_hours(door, point, MEASURED + estimated)
    assert edit(door, "withdraw", metering_point=point, from_at=at(48), to_at=at(48)).json()["readings"] == 1
    until_hours(door, point, MEASURED)
    again = edit(door, "withdraw", metering_point=point, from_at=at(48), to_at=at(48))
    assert again.json()["code"] == "nothing_there"
    ask(door, point)
    until_hours(door, point, MEASURED + estimated)


def test_what_cannot_be_estimated_is_said_point_by_point(door: Door) -> None:
    known, never, little = sent(door, READ), door.point(), sent(door, {0: 0, 1: 1_000})
    [moved_id] = door.points.add()
    door.points.install(f"S-{uuid4().hex[:12]}", moved_id, 0, 1_704_930_000)
    moved = f"MP-{moved_id}"
    rows = [{"metering_point": moved, "read_at": at(hour), "energy_wh": wh} for hour, wh in READ.items()]
    door.sender.judged(door.sender.post(rows))
    answer = ask(door, known, "MP-0", never, little, moved, dry_run=True)
    assert [one.get("reason") for one in answer.json()["estimates"]] == [
        *(None, "unknown_metering_point", "never_read", "nothing_to_go_by", "another_meter"),
    ]


def test_one_that_no_register_can_show_does_not_take_the_others_with_it(door: Door) -> None:
    at_the_end = sent(door, {hour: 10**15 - 26_000 + 1_000 * hour for hour in range(25)})
    known = sent(door, READ)
    results = ask(door, at_the_end, known).json()["estimates"]
    assert [(one["metering_point"], one["result"]) for one in results] == [
        (at_the_end, "refused"),
        (known, "estimated"),
    ]
    until_hours(door, known, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 48)])


def test_there_is_nothing_to_go_on_from_before_the_first_reading(door: Door) -> None:
    assert only(ask(door, sent(door, READ), until="2024-01-09"))["reason"] == "never_read"


@pytest.mark.parametrize("until", ["0001-01-01", "1969-12-31", "2024-13-01", "soon"])
def test_a_day_that_nothing_was_read_on_is_refused(door: Door, until: str) -> None:
    answer = ask(door, "MP-0", until=until)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")


def test_nothing_that_is_still_to_come_is_estimated(door: Door) -> None:
    in_two_days = (date.today() + timedelta(days=2)).isoformat()  # noqa: DTZ011 -- two days hold for every zone
    answer = ask(door, "MP-0", until=in_two_days)
    assert (answer.status_code, answer.json()["code"]) == (422, "unusable")


@pytest.fixture
def kulvert(door: Door, tmp_path: Path) -> Kulvert:
    return Kulvert(door.stack, tmp_path)


def test_an_operator_has_a_day_estimated_and_explained(door: Door, kulvert: Kulvert) -> None:
    point = sent(door, READ)
    arguments = ("estimate", "ahead", point, "--until", "2024-01-12", "--cause", "the invoice", "--who", "Anna Berg")
    assert "Would be estimated" in kulvert.does(*arguments, "--dry-run")
    assert "24.000" in kulvert.does(*arguments)
    until_hours(door, point, MEASURED + [(hour, 1_000, "estimated") for hour in range(24, 48)])
    told = kulvert.does("explain", "hour", point, "2024-01-11T06")
    assert "by mean of 30 days before, for Anna Berg: the invoice" in told
    refused = kulvert.run(*arguments)
    assert refused.returncode == 1
    assert "withdraw that first" in refused.stdout.replace("\n", " ")
