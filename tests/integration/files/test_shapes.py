"""Files of other shapes on a real stack: a line for each figure, a column for each hour."""

import json
from pathlib import Path

import pytest

from tests.integration.kulvert_command import Kulvert

FIGURES = """
kind = "readings"
delimiter = ","
metering_point = { column = "point" }
time = { column = "at" }
quantity = { column = "kind" }
values = [
    { column = "value", field = "energy_wh", unit = "Wh", equals = ["E"] },
    { column = "value", field = "volume_l", unit = "l", equals = ["V"] },
]
"""
HOURS = """
kind = "readings"
delimiter = ","
metering_point = { column = "point" }
wide = { header = "{clock}" }
time = { column = "day", format = "%Y-%m-%d %H", zone = "+01:00" }
values = [{ field = "energy_wh", unit = "kWh" }]
"""
ACROSS = """
kind = "readings"
delimiter = ";"
decimal = ","
wide = { header = ["{metering_point}", "{quantity} {unit}"], without = ["Totalt"] }
time = { column = "Tid", format = "%Y-%m-%d %H:%M", zone = "+01:00" }
values = [{ field = "energy_wh", equals = ["Energi"] }, { field = "volume_l", equals = ["Volym"] }]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    folder.mkdir()
    return folder


def own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own.toml"
    path.write_text(text)
    return path


def test_a_file_of_figures_is_watched_for_and_told_of_figure_by_figure(
    kulvert: Kulvert, worker: None, point: str, folder: Path, tmp_path: Path
) -> None:
    at = [f"2024-01-01T0{hour}:00Z" for hour in range(3)]
    energies = [f"{point},{one},E,{1_000 * hour}" for hour, one in enumerate(at)]
    volumes = [f"{point},{one},V,{10 * hour}" for hour, one in enumerate(at)]
    without_energy = f"{point},2024-01-01T05:00Z,V,99"
    lines = ["point,at,kind,value", *energies, *volumes, without_energy, f"{point},{at[0]},P,7"]
    (folder / "figures.csv").write_text("\n".join(lines))
    done = kulvert.run("watch", folder, "--profile", own(tmp_path, FIGURES), "--settle", "0.2", "--once")
    assert "figures.csv: done: 7 lines: 3 accepted, 1 refused, energy_not_given" in done.stdout
    report = json.loads((folder / "done/figures.csv.report.json").read_text())
    assert (report["lines"], report["sent"], report["readings"]["last"]) == (7, 3, "2024-01-01T02:00:00+00:00")
    assert [(bad["line"], bad["field"]) for bad in report["refused_lines"]] == [(8, "value")]
    assert any("passed over: P (1)" in note for note in report["notes"])
    shown = [(row["energy_wh"], row["volume_l"]) for row in kulvert.rows("readings", point)]
    assert shown == [("0", "0"), ("1000", "10"), ("2000", "20")]


def test_a_line_of_many_readings_that_are_all_refused_is_told_once(
    kulvert: Kulvert, worker: None, point: str, tmp_path: Path
) -> None:
    file = tmp_path / "hours.csv"
    days = ["point,day,00,01,02", f"{point},2024-01-01,1,2,x", f"X{point},2024-01-01,1,2,3"]
    file.write_text("\n".join(days))
    how = ["import", "readings", file, "--profile", own(tmp_path, HOURS)]
    assert "5  readings would be sent" in kulvert.does(*how, "--dry-run")
    told = kulvert.does(*how)
    assert "2  accepted" in told
    assert "line 2, column 02: not_a_number" in told
    assert told.count("line 3: unknown_metering_point") == 1
    assert [row["energy_wh"] for row in kulvert.rows("readings", point)] == ["1000", "2000"]


def test_a_watched_file_of_two_header_lines_is_reported_with_what_it_refused_and_passed_over(
    kulvert: Kulvert, worker: None, point: str, folder: Path, tmp_path: Path
) -> None:
    header = ["Export;;;;", f";{point};;;Totalt", "Tid;Energi GJ;Volym m3;Effekt kW;Energi GJ"]
    data = ["2024-01-01 01:00;0,036;1,5;9;5", "2024-01-01 02:00;0,072;x;9;6", "Summa;10,8;;;11", "Antal rader: 2"]
    (folder / "across.csv").write_text("\r\n".join([*header, *data]))
    done = kulvert.run("watch", folder, "--profile", own(tmp_path, ACROSS), "--settle", "0.2", "--once")
    assert "2 accepted" in done.stdout
    report = json.loads((folder / "done/across.csv.report.json").read_text())
    assert report["refused"] == {"not_a_number": 1, "not_a_time": 1, "wrong_number_of_fields": 1}
    told = [(bad["line"], bad["field"]) for bad in report["refused_lines"]]
    assert told == [(5, f"{point} Volym m3"), (6, "Tid"), (7, "")]
    assert any("passed over: Effekt (2)" in note for note in report["notes"])
    shown = [(row["energy_wh"], row["volume_l"]) for row in kulvert.rows("readings", point)]
    assert shown == [("10000", "1500"), ("20000", "")]
