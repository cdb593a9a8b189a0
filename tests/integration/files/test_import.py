"""The command line for data, as a person meets it: files in, figures out, on a real stack with its services."""

import csv
import json
import time
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from deploy.local.stack import Stack
from services.ingest.settings import IngestSettings
from tests.integration.files.conftest import WORKER
from tests.integration.kulvert_command import Kulvert
from tests.running import running

FUTURE_SECONDS = IngestSettings.model_fields["future_seconds"].default


def test_the_danish_meters_file_becomes_hours_days_and_a_subscription_power(
    kulvert: Kulvert, worker: None, point: str, shared_data: Path
) -> None:
    file = shared_data / "danish-relife/processed_final_data_sample.csv"
    once = ["import", "readings", file, "--profile", "danish-relife", "--metering-point", point]
    assert "26,256  accepted" in kulvert.does(*once)
    hours = kulvert.rows("hours", point)
    assert len(hours) == 26_255
    assert len({hour["starts_at"] for hour in hours}) == 26_255
    assert {hour["quality"] for hour in hours} == {"measured"}
    # The register's own first and last values, each cut to whole Wh.
    first_wh, last_wh = (
        int(Decimal(row["energy_heat_kwh"]) * 1_000)
        for row in (list(csv.DictReader(file.open()))[at] for at in (0, -1))
    )
    assert sum(int(hour["energy_wh"]) for hour in hours) == last_wh - first_wh == pytest.approx(51_627_240, abs=5)
    days = {row["day"]: row["hours_expected"] for row in kulvert.rows("days", point)}
    assert [days[day] for day in ("2018-03-25", "2018-03-26", "2018-10-28")] == ["23", "24", "25"]

    assert "26,256  of them had been sent before" in kulvert.does(*once)
    assert kulvert.rows("hours", point) == hours

    aalborg = shared_data / "weather/temperature_hourly_2018_2019_aalborg.csv"
    stored = kulvert.does("import", "weather", aalborg, "--profile", "dmi-hourly", "--metering-point", point)
    assert "17,520  hourly temperatures" in stored
    determined = kulvert.does("subscription-power", point, "--winter", "2018/2019")
    assert "2018-11-26 to 2019-02-13, 80 days" in determined
    assert "changed" in determined
    undetermined = kulvert.does("subscription-power", point, "--winter", "2019/2020")
    assert "not determined" in undetermined
    assert "too_few_cold_days" in undetermined
    next_year = datetime.now(UTC).year + 1
    too_early = kulvert.run("subscription-power", point, "--winter", f"{next_year - 1}/{next_year}")
    assert (too_early.returncode, too_early.stdout) == (1, "")
    assert f"lasts until {next_year}-03-31; ask again after that day" in too_early.stderr


def test_each_refused_line_is_told_with_its_number_and_the_rest_counts(
    kulvert: Kulvert, worker: None, point: str
) -> None:
    other = f"X{point}"
    file = kulvert.file(
        f"{point},2024-01-01T00:00Z,1000",
        f"{point},2024-01-01T01:00Z,1_001",
        f"{other},2024-01-01T00:00Z,1000",
        f"{point},2024-01-01T02:00Z,400",
        f"{point},2030-01-01T00:00Z,1000",
        f"{point},2024-01-01T03:00Z,5000",
        f"{point},2024-01-01T04:00Z,6000",
        f"{point},2024-01-01T04:00Z,6000",
    )
    told = kulvert.does("import", "readings", file, "--profile", "kulvert")
    for words in (
        "3  accepted",
        "1  duplicate",
        "line 3, energy_wh: not_a_number",
        "line 4: unknown_metering_point",
        "line 5: register_went_backwards",
        "line 6, read_at: time_in_future",
    ):
        assert told.count(words) == 1
    assert [(row["energy_wh"], row["verdict"]) for row in kulvert.rows("readings", point)] == [
        ("1000", "accepted"),
        ("400", "register_went_backwards"),
        ("5000", "accepted"),
        ("6000", "accepted"),
    ]
    assert [row["verdict"] for row in kulvert.rows("refused", point)] == ["register_went_backwards", "time_in_future"]
    assert [row["verdict"] for row in kulvert.rows("refused", other)] == ["unknown_metering_point"]
    assert "unknown_metering_point" in kulvert.does("show", "refused", other)


def test_an_export_that_corrects_an_earlier_one_counts_once_it_is_said_when_it_was_made(
    kulvert: Kulvert, worker: None, point: str
) -> None:
    def importing(*options: str, wh: tuple[int, int]) -> str:
        times = ("00:00", "01:00", "02:00", "03:00")
        lines = [f"{point},2024-01-01T{at}Z,{one}" for at, one in zip(times, (0, *wh, 9_000), strict=True)]
        return kulvert.does("import", "readings", kulvert.file(*lines), "--profile", "kulvert", *options)

    importing(wh=(3_000, 6_000))
    importing(wh=(1_000, 8_000))
    assert {row["verdict"] for row in kulvert.rows("refused", point)} == {"conflicting_values"}
    assert "4  accepted" in importing("--recorded-at", "2024-02-01T08:00", wh=(1_000, 8_000))
    assert [row["energy_wh"] for row in kulvert.rows("hours", point)] == ["1000", "7000", "1000"]
    importing("--recorded-at", "2024-01-31T08:00", wh=(3_000, 6_000))
    assert [row["energy_wh"] for row in kulvert.rows("hours", point)] == ["1000", "7000", "1000"]
    assert kulvert.rows("refused", point) == []


def test_of_two_lines_that_conflict_the_later_is_told_by_its_number(kulvert: Kulvert, worker: None, point: str) -> None:
    hours = [f"{point},2024-01-01T0{hour}:00Z,{wh}" for hour, wh in enumerate((0, 2_000, 4_000))]
    file = kulvert.file(*hours, f"{point},2024-01-01T01:00Z,2001")
    told = kulvert.does("import", "readings", file, "--profile", "kulvert")
    assert "line 5: conflicting_values" in told


def test_a_meter_that_is_known_but_for_the_zeros_in_front_is_named(
    kulvert: Kulvert, worker: None, ingest_api: httpx.Client, point: str
) -> None:
    digits = str(uuid4().int)[:9].lstrip("0")
    # The import waits for the metering point, which the meter is put at then.
    kulvert.does("import", "readings", kulvert.file(f"{point},2022-12-31T00:00Z,1"), "--profile", "kulvert")
    place = {"metering_point": point, "installed_at": "2023-01-01T00:00:00Z"}
    ingest_api.put(f"/v1/meters/00{digits}", json={"installations": [place]}).raise_for_status()
    file = kulvert.file()
    file.write_text(f"serial,read_at,energy_wh\n{digits},2024-01-01T00:00Z,1\n00{digits},2024-01-01T01:00Z,2\n")
    told = kulvert.does("import", "readings", file, "--profile", "kulvert")
    assert "1  accepted" in told
    assert "1  refused, unknown_meter" in told
    assert told.count(f"meter {digits} is unknown, and 00{digits} is known: a spreadsheet drops zeros") == 1


def test_more_refused_lines_than_a_screen_holds_are_written_beside_the_file(
    kulvert: Kulvert, worker: None, point: str
) -> None:
    hours = [f"{point},2024-01-01T{hour:02}:00Z,{hour}" for hour in range(24)]
    file = kulvert.file(*[line for hour in hours for line in (hour, f"{point},never,1")])
    told = kulvert.does("import", "readings", file, "--profile", "kulvert")
    assert told.count("not_a_time:") == 20
    with file.with_name(file.name + ".refused.csv").open() as beside:
        assert [row["line"] for row in csv.DictReader(beside)] == [str(line) for line in range(3, 50, 2)]


def test_lines_that_follow_each_other_with_one_fault_are_told_once(kulvert: Kulvert, worker: None, point: str) -> None:
    file = kulvert.file(f"{point},2024-01-01T00:00Z,1", *[f"{point},never,1"] * 25, f"{point},2024-01-01T01:00Z,x")
    told = kulvert.does("import", "readings", file, "--profile", "kulvert")
    assert told.count("not_a_time:") == 1
    assert "lines 3 to 27, read_at: not_a_time" in told
    assert "line 28, energy_wh: not_a_number" in told
    assert not file.with_name(file.name + ".refused.csv").exists()


def test_a_file_without_one_good_line_ends_with_an_error(kulvert: Kulvert, point: str) -> None:
    done = kulvert.run("import", "readings", kulvert.file(f"{point},never,1"), "--profile", "kulvert")
    assert (done.returncode, "line 2, read_at: not_a_time" in done.stdout) == (1, True)


def test_a_file_that_does_not_fit_says_so_and_sends_nothing(kulvert: Kulvert, point: str) -> None:
    file = kulvert.file(f"{point},2024-01-01T00:00Z,1")
    done = kulvert.run("import", "readings", file, "--profile", "danish-relife", "--metering-point", point)
    assert done.returncode == 1
    assert "lacks the column time_rounded" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_reading_that_was_ahead_of_the_clock_counts_when_its_file_is_imported_again(
    kulvert: Kulvert, worker: None, stack: Stack, point: str
) -> None:
    soon = datetime.now(UTC) + timedelta(seconds=FUTURE_SECONDS + 15)
    file = kulvert.file(f"{point},{soon.isoformat()},1000")
    assert "read_at: time_in_future" in kulvert.run("import", "readings", file, "--profile", "kulvert").stdout
    time.sleep(max(0.0, (soon - datetime.now(UTC)).total_seconds() - FUTURE_SECONDS + 1))
    assert "1  accepted" in kulvert.does("import", "readings", file, "--profile", "kulvert")


def test_without_a_worker_the_import_says_that_nothing_is_judged_yet_and_later_ends_well(
    kulvert: Kulvert, stack: Stack, point: str, tmp_path: Path
) -> None:
    first, then = (
        ["import", "readings", kulvert.file(f"{point},2024-01-01T0{hour}:00Z,1"), "--profile", "kulvert"]
        for hour in (0, 1)
    )
    with running(stack, WORKER, tmp_path / "worker.log"):
        kulvert.does(*first)
    waited = kulvert.run(*then, "--wait", "1")
    assert waited.returncode == 1
    assert "everything is delivered, but the worker has judged nothing for 1 s" in waited.stderr
    with running(stack, WORKER, tmp_path / "worker.log"):
        told = kulvert.does(*then)
    assert "1  of them had been sent before" in told
    assert "1  accepted" in told


def test_a_dry_run_sends_nothing(kulvert: Kulvert, worker: None, point: str) -> None:
    file = kulvert.file(f"{point},2024-01-01T00:00Z,1", f"{point},never,1")
    told = kulvert.does("import", "readings", file, "--profile", "kulvert", "--dry-run")
    assert "1  readings would be sent" in told
    assert "line 3, read_at: not_a_time" in told
    marker = kulvert.file(f"{point},2024-01-02T00:00Z,2")
    kulvert.does("import", "readings", marker, "--profile", "kulvert")
    assert [row["energy_wh"] for row in kulvert.rows("readings", point)] == ["2"]


def test_shown_days_include_both_dates_and_hours_carry_their_offset(kulvert: Kulvert, worker: None, point: str) -> None:
    lines = [
        f"{point},2024-{month:02}-{day:02}T{hour:02}:00Z,{1_000 * number}"
        for number, (month, day, hour) in enumerate(
            (month, day, hour) for month, day in ((10, 26), (10, 27), (10, 28)) for hour in range(24)
        )
    ]
    kulvert.does("import", "readings", kulvert.file(*lines), "--profile", "kulvert")
    only = ["--from", "2024-10-27", "--to", "2024-10-27"]
    hours = json.loads(kulvert.does("show", "hours", point, *only, "--format", "json"))
    starts = [datetime.fromisoformat(hour["starts_at"]) for hour in hours]
    assert {start.date() for start in starts} == {date(2024, 10, 27)}
    assert [hour["starts_at"] for hour in hours[2:4]] == ["2024-10-27T02:00:00+02:00", "2024-10-27T02:00:00+01:00"]
    assert {hour["energy_wh"] for hour in hours} == {1_000}
    (day,) = json.loads(kulvert.does("show", "days", point, *only, "--format", "json"))
    assert (day["day"], day["energy_wh"], day["hours_expected"]) == ("2024-10-27", 25_000, 25)
    table = kulvert.does("show", "hours", point, *only)
    assert "2024-10-27 02:00+01:00" in table
    assert "25 rows" in table
    backwards = kulvert.run("show", "hours", point, "--from", "2024-10-28", "--to", "2024-10-27")
    assert (backwards.returncode, "--to lies before --from" in backwards.stderr) == (1, True)


def test_a_metering_point_that_is_not_there_is_answered_with_what_to_do(kulvert: Kulvert) -> None:
    done = kulvert.run("show", "days", "nowhere")
    assert done.returncode == 1
    assert "there is no metering point 'nowhere'" in done.stderr


def test_of_several_files_one_that_cannot_be_used_keeps_no_other_from_being_imported(
    kulvert: Kulvert, worker: None, point: str
) -> None:
    folder = kulvert.folder / "several"
    folder.mkdir()
    (folder / "a.csv").write_text("energy_wh\n1")
    (folder / ".hidden").write_text("not looked at")
    (folder / "b.csv").write_text(f"metering_point,read_at,energy_wh\n{point},2024-01-01T00:00Z,1")
    done = kulvert.run("import", "readings", folder, "--profile", "kulvert")
    assert done.returncode == 1
    assert "a.csv: the file lacks the column read_at" in done.stderr
    assert done.stdout.count("1  accepted") == 1
