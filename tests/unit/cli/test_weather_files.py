"""Files of weather and of normal years as the command opens them: what cannot be read is told in a sentence."""

import gzip
from pathlib import Path

import pytest

from deploy.local.folder import StackError
from services.cli.normal_year_import import open_normal_year
from services.cli.weather_import import open_named

FILES = Path(__file__).parents[2] / "weather_files"


def written(folder: Path, *lines: str) -> Path:
    path = folder / "file.csv"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize("profile", [None, "smhi"])
@pytest.mark.parametrize("name", ["smhi-latest-day.json", "smhi-corrected-archive.csv"])
def test_a_file_of_smhi_is_opened_by_sight_and_by_name(name: str, profile: str | None) -> None:
    opened = open_named(FILES / name, profile)
    assert opened.station_name == "Exempelstad Flygplats"
    assert len(opened.found.starts_s) == 3
    assert opened.report().lines == 7


@pytest.mark.parametrize("name", ["smhi-latest-day.json", "smhi-corrected-archive.csv"])
def test_a_file_of_smhi_may_be_packed_or_saved_as_utf_16(name: str, tmp_path: Path) -> None:
    data = (FILES / name).read_bytes()
    for number, stored in enumerate((gzip.compress(data), data.decode().encode("utf-16"))):
        path = tmp_path / f"{number}-{name}"
        path.write_bytes(stored)
        assert len(open_named(path, None).found.starts_s) == 3


def test_another_file_needs_a_profile(tmp_path: Path) -> None:
    file = written(tmp_path, "2024-01-01T00:00:00Z,1")
    with pytest.raises(StackError, match="--profile"):
        open_named(file, None)
    assert open_named(file, "dmi-hourly").found.celsius.tolist() == [1]


def test_months_of_a_normal_year_come_in_any_order(tmp_path: Path) -> None:
    months = [f"{month:02},{month}.5" for month in range(12, 0, -1)]
    document = open_normal_year(written(tmp_path, "month,degree_days", *months), "SMHI 1991-2020")
    assert document == {"source": "SMHI 1991-2020", "degree_days": [month + 0.5 for month in range(1, 13)]}


def test_factors_are_of_calendar_months(tmp_path: Path) -> None:
    document = open_normal_year(written(tmp_path, "month,factor", "2024-01,1.1", "2024-02,0.9"), "EI")
    assert document["factors"] == [{"month": "2024-01", "factor": 1.1}, {"month": "2024-02", "factor": 0.9}]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["month,degree_days", *(f"{month},1" for month in range(1, 12))], "from 1 to 12 once"),
        (["month,degree_days", *(f"{month},1" for month in (*range(1, 12), 1))], "from 1 to 12 once"),
        (["month,degree_days", *(f"{month},x" for month in range(1, 13))], "is no number"),
        (["month,factor", "2024-01"], "is no number"),
        (["month;degree_days", "1;2"], "the columns are"),
        ([""], "the columns are"),
    ],
)
def test_a_bad_normal_year_is_told_in_a_sentence(tmp_path: Path, lines: list[str], words: str) -> None:
    with pytest.raises(StackError, match=words):
        open_normal_year(written(tmp_path, *lines), "x")
