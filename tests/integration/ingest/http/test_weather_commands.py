"""Weather by the command: SMHI's files in, and temperatures, months, years and signatures shown."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import psycopg
import pytest

from tests.integration.ingest.http.door import Door, new_serial
from tests.integration.ingest.test_months import every_day, put_days
from tests.integration.kulvert_command import Kulvert

FILES = Path(__file__).parents[3] / "weather_files"


@pytest.fixture(scope="module")
def kulvert(door: Door, tmp_path_factory: pytest.TempPathFactory) -> Kulvert:
    return Kulvert(door.stack, tmp_path_factory.mktemp("weather"))


def lines(folder: Path, *text: str) -> Path:
    path = folder / f"{new_serial()}.csv"
    path.write_text("\n".join(text))
    return path


def test_a_file_of_smhi_is_known_by_sight_and_makes_its_station(door: Door, kulvert: Kulvert) -> None:
    station = f"W-{new_serial()}"
    said = kulvert.does("import", "weather", FILES / "smhi-corrected-archive.csv", "--station", station)
    assert "hour_given_twice" in said
    stored = "SELECT name, latitude, longitude, neighbours <> '{}' FROM ingest.station WHERE station_id = %s"
    assert door.rows(stored, station)[0][:3] == ("Exempelstad Flygplats", 59.4446, 13.3374)
    shown = kulvert.rows("temperatures", station)
    assert [(row["starts_at"], row["outdoor_c"], row["source"]) for row in shown][:2] == [
        ("2023-03-26T00:00:00+01:00", "1.5", "observed"), ("2023-03-26T01:00:00+01:00", "1.2", "observed"),
    ]  # fmt: skip


def observed(kulvert: Kulvert, station: str) -> list[str]:
    rows = kulvert.rows("temperatures", station)
    return [row["outdoor_c"] for row in rows if row["source"] == "observed"]


def test_an_older_file_imported_again_keeps_what_was_corrected_since(
    door: Door, kulvert: Kulvert, tmp_path: Path
) -> None:
    station = f"W-{new_serial()}"
    older = lines(tmp_path, "2024-01-01T00:00:00Z,9", "2024-01-01T01:00:00Z,1")
    newer = lines(tmp_path, "2024-01-01T00:00:00Z,2", "2024-01-01T01:00:00Z,1")
    import_older = ["import", "weather", older, "--profile", "dmi-hourly", "--station", station]
    import_newer = ["import", "weather", newer, "--profile", "dmi-hourly", "--station", station]
    assert "2  hourly temperatures" in kulvert.does(*import_older)
    assert "2  hourly temperatures" in kulvert.does(*import_newer, "--recorded-at", "2024-02-01T08:00")
    again = kulvert.does(*import_older)
    assert "1  hourly temperatures" in again
    assert "1  kept as corrected" in again
    assert "1  kept as corrected" in kulvert.does(*import_older, "--recorded-at", "2024-01-31T08:00")
    assert observed(kulvert, station) == ["2.0", "1.0"]
    kulvert.does(*import_older, "--recorded-at", "2024-02-02T08:00")
    assert observed(kulvert, station) == ["9.0", "1.0"]


def test_smhis_approved_values_stay_when_a_later_file_of_unchecked_ones_comes(
    door: Door, kulvert: Kulvert, tmp_path: Path
) -> None:
    station = f"W-{new_serial()}"
    answer = json.loads((FILES / "smhi-latest-day.json").read_text())
    files = {}
    for quality, value, updated in (("G", "-4.2", 1_704_880_800_000), ("Y", "-1.1", 1_704_967_200_000)):
        files[quality] = tmp_path / f"{quality}.json"
        values = [{"date": 1_704_862_800_000, "value": value, "quality": quality}]
        files[quality].write_text(json.dumps(answer | {"value": values, "updated": updated}))
    for quality in ("Y", "G", "Y"):
        said = kulvert.does("import", "weather", files[quality], "--station", station)
    assert "1  kept as corrected" in said
    assert observed(kulvert, station) == ["-4.2"]
    stored = "SELECT approved, recorded_at FROM ingest.outdoor_temperature WHERE station_id = %s"
    assert door.rows(stored, station) == [(True, datetime(2024, 1, 10, 10, tzinfo=UTC))]


def test_hours_to_come_are_refused_by_their_lines_and_the_rest_of_the_file_is_stored(
    kulvert: Kulvert, tmp_path: Path
) -> None:
    station = f"W-{new_serial()}"
    file = lines(tmp_path, "2024-01-01T00:00:00Z,9", "2055-01-01T01:00:00Z,1", "never,1", "2024-01-01T01:00:00Z,7")
    said = kulvert.does("import", "weather", file, "--profile", "dmi-hourly", "--station", station)
    assert "2  hourly temperatures" in said
    assert "line 2, starts_at: time_in_future" in said
    assert "line 3, column 1: not_a_time" in said
    assert observed(kulvert, station) == ["9.0", "7.0"]
    alone = lines(tmp_path, "2055-01-01T01:00:00Z,1")
    done = kulvert.run("import", "weather", alone, "--profile", "dmi-hourly", "--station", station)
    assert (done.returncode, "line 1, starts_at: time_in_future" in done.stdout) == (1, True)


def test_more_hours_to_come_than_the_answer_lists_are_counted_and_not_waited_for(
    kulvert: Kulvert, tmp_path: Path
) -> None:
    station = f"W-{new_serial()}"
    to_come = [f"2055-01-{1 + number // 24:02}T{number % 24:02}:00:00Z,1" for number in range(103)]
    file = lines(tmp_path, "2024-01-01T00:00:00Z,9", *to_come)
    said = kulvert.does("import", "weather", file, "--profile", "dmi-hourly", "--station", station, "--wait", "10")
    assert "1  hourly temperatures" in said
    assert "100  refused, time_in_future" in said
    assert "3  refused, refused_at_the_door" in said
    assert "lines 2 to 101, starts_at: time_in_future" in said
    assert "and 3 more that are refused" in said


def test_temperatures_of_a_station_that_is_not_there_are_told_so(kulvert: Kulvert) -> None:
    done = kulvert.run("show", "temperatures", "nowhere")
    assert (done.returncode, "there is no station 'nowhere'" in done.stderr) == (1, True)


@pytest.fixture(scope="module")
def house(door: Door) -> tuple[str, str]:
    """A metering point whose power follows the weather of 2023 and January 2024 exactly, and its station."""
    (point,) = door.points.add()
    station = f"W-{new_serial()}"
    days = every_day(date(2023, 1, 1), date(2024, 1, 31))
    mean_c = {day: 17.0 if day.month in (7, 8) else float((day - days[0]).days % 30 - 15) for day in days}
    with psycopg.connect(door.stack.admin_dsn) as connection:
        connection.execute("INSERT INTO ingest.station (station_id, name) VALUES (%s, 'W')", [station])
        connection.execute("UPDATE ingest.point SET station_id = %s WHERE point_id = %s", [station, point])
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO ingest.daily_temperature VALUES (%s, %s, %s, 24, 1)",
                [(station, day, celsius) for day, celsius in mean_c.items()],
            )
    # 0.5 kW, and 0.2 kW for each degree below 17 C.
    energy_wh = {day: round(24_000 * (0.5 + 0.2 * (17 - celsius))) for day, celsius in mean_c.items()}
    put_days(door.stack, point, [{"day": day, "energy_wh": wh} for day, wh in energy_wh.items()])
    return f"MP-{point}", station


def test_a_signature_is_shown_with_what_it_rests_on(kulvert: Kulvert, house: tuple[str, str]) -> None:
    (row,) = kulvert.rows("signature", house[0], "--until", "2024-01-01")
    assert (row["from"], row["until"], row["days"]) == ("2023-01-01", "2024-01-01", "365")
    found = [float(row[name]) for name in ("base_kw", "slope_kw_per_c", "balance_c", "r2")]
    assert found == pytest.approx([0.5, 0.2, 17, 1], abs=1e-3)
    (early,) = kulvert.rows("signature", house[0], "--until", "2023-03-01")
    assert (early["refused"], early["base_kw"], early["days"]) == ("too_few_days", "", "59")
    done = kulvert.run("show", "signature", "nowhere")
    assert (done.returncode, "nowhere" in done.stderr) == (1, True)


def test_months_are_set_against_an_imported_normal_year_and_then_a_factor(
    kulvert: Kulvert, house: tuple[str, str]
) -> None:
    point, station = house
    only = ("--from", "2024-01-10", "--to", "2024-01-31")
    (before,) = kulvert.rows("months", point, *only)
    actual, energy_wh = float(before["degree_days"]), int(before["energy_wh"])
    assert (before["month"], before["days_present"], before["corrected_wh"]) == ("2024-01", "31", "")
    normal = lines(kulvert.folder, "month,degree_days", *(f"{month},{actual / 2}" for month in range(1, 13)))
    kulvert.does("import", "normal-year", normal, "--station", station, "--source", "half as cold")
    (row,) = kulvert.rows("months", point, *only)
    base_wh = 500 * 31 * 24
    assert row["base_from"] == "summer"
    assert int(row["corrected_wh"]) == pytest.approx(base_wh + (energy_wh - base_wh) / 2, abs=20)
    factor = lines(kulvert.folder, "month,factor", "2024-01,1.1")
    kulvert.does("import", "normal-year", factor, "--station", station, "--source", "SMHI Energi-Index")
    (row,) = kulvert.rows("months", point, *only)
    assert int(row["corrected_wh"]) == pytest.approx(base_wh + (energy_wh - base_wh) * 1.1, abs=20)


def test_years_are_shown_and_every_form_has_the_same_figures(kulvert: Kulvert, house: tuple[str, str]) -> None:
    rows = kulvert.rows("years", house[0])
    assert [(row["year"], row["days_expected"], row["days_present"]) for row in rows] == [
        ("2023", "365", "365"), ("2024", "366", "31"),
    ]  # fmt: skip
    as_json = json.loads(kulvert.does("show", "years", house[0], "--format", "json"))
    assert [row["energy_wh"] for row in as_json] == [int(row["energy_wh"]) for row in rows]
    assert as_json[0]["measured_share"] == 1
    assert "13 rows" in kulvert.does("show", "months", house[0])
