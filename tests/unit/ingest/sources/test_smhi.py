"""SMHI's files: momentary values dated by the end of their hour, in UTC, with what is wrong told line by line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from services.ingest.core.places import Place
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.smhi import is_smhi, smhi_file
from services.ingest.sources.temperatures_file import TemperaturesFile

FILES = Path(__file__).parents[3] / "weather_files"
JSON = (FILES / "smhi-latest-day.json").read_bytes()
CSV = (FILES / "smhi-corrected-archive.csv").read_bytes()


def hours(found: TemperaturesFile) -> dict[str, float]:
    starts = (datetime.fromtimestamp(at_s, UTC).isoformat(timespec="minutes") for at_s in found.starts_s.tolist())
    return dict(zip(starts, found.celsius.tolist(), strict=True))


def refused(found: TemperaturesFile) -> list[tuple[int, str]]:
    return [(bad.line, bad.code) for bad in found.refusals]


def test_a_value_stands_for_the_hour_that_ends_at_its_date() -> None:
    read = smhi_file(JSON)
    # 1704862800 is 2024-01-10 05:00 UTC.
    assert hours(read.found) == {
        "2024-01-10T04:00+00:00": -4.2, "2024-01-10T05:00+00:00": -4.8, "2024-01-10T06:00+00:00": -5.1,
    }  # fmt: skip
    assert refused(read.found) == [
        (1, "not_on_the_hour"), (5, "field_missing"), (6, "quality_unknown"), (7, "out_of_range"),
    ]  # fmt: skip


def test_the_corrected_archive_is_read_below_its_preamble_and_in_utc_all_year() -> None:
    read = smhi_file(CSV)
    # The night on which Sweden's clocks skip an hour. Its last is given unchecked first, and then approved.
    assert hours(read.found) == {
        "2023-03-25T23:00+00:00": 1.5, "2023-03-26T00:00+00:00": 1.2, "2023-03-26T01:00+00:00": 0.7,
    }  # fmt: skip
    assert refused(read.found) == [
        (14, "hour_given_twice"), (16, "number_malformed"), (17, "not_on_the_hour"), (18, "time_malformed"),
    ]  # fmt: skip


@pytest.mark.parametrize("data", [JSON, CSV])
def test_a_station_stands_where_it_was_put_last(data: bytes) -> None:
    read = smhi_file(data)
    assert (read.station_name, read.place) == ("Exempelstad Flygplats", Place(59.4446, 13.3374))


def test_smhis_files_are_known_by_sight() -> None:
    assert is_smhi(JSON)
    assert is_smhi(CSV)
    assert is_smhi(b"\xef\xbb\xbf" + CSV)
    assert not is_smhi(b"2018-01-01T00:00:00+00:00,4.6\n")
    assert not is_smhi(b'{"station_id": "a", "values": []}')


def test_values_that_are_no_plain_decimal_numbers_are_refused() -> None:
    for wrong in ("1_0", "inf", "nan", "١", "0x1", "1,5"):
        found = smhi_file(CSV.replace(b"1.5", wrong.encode())).found
        assert (12, "number_malformed") in refused(found), wrong


@pytest.mark.parametrize(
    ("break_it", "words"),
    [
        (lambda answer: answer | {"parameter": {"key": "2"}}, "parameter 2"),
        (lambda answer: {name: answer[name] for name in answer if name != "station"}, "of one station"),
        (lambda answer: answer | {"value": [{"date": 1}]}, "of one station"),
        (lambda answer: answer | {"value": 7}, "of one station"),
    ],
)
def test_an_answer_of_another_kind_is_told_whole(break_it: Callable[[dict[str, Any]], Any], words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        smhi_file(json.dumps(break_it(json.loads(JSON))).encode())


def test_a_csv_file_of_another_parameter_is_told_whole() -> None:
    with pytest.raises(UnreadableFileError, match="lacks"):
        smhi_file(CSV.replace(b"Datum;Tid (UTC);Lufttemperatur", "Datum;Tid (UTC);Nederbördsmängd".encode()))
    with pytest.raises(UnreadableFileError, match="UTF-8"):
        smhi_file(CSV.decode().encode("cp1252"))


def test_an_hour_from_before_hours_are_kept_costs_only_itself() -> None:
    """SMHI's archives begin decades before; one such value would have the service refuse ten thousand others."""
    answer = json.loads(JSON)
    good = next(value for value in answer["value"] if value["quality"] == "G" and value["date"] % 3_600_000 == 0)
    in_1961, in_1990 = -283_996_800_000, 631_238_400_000 + 3_600_000
    dates = (in_1961, in_1990 - 3_600_000, in_1990, 10**15 * 3_600_000)
    read = smhi_file(json.dumps(answer | {"value": [good | {"date": date} for date in dates]}).encode())
    assert refused(read.found) == [(line, "time_out_of_range") for line in (1, 2, 4)]
    assert list(hours(read.found)) == ["1990-01-02T00:00+00:00"]


def test_each_value_keeps_its_line_and_whether_it_is_approved() -> None:
    found = smhi_file(JSON).found
    assert (found.line.tolist(), found.approved.tolist()) == ([2, 3, 4], [True, True, False])
    found = smhi_file(CSV).found
    assert (found.line.tolist(), found.approved.tolist()) == ([12, 13, 15], [True, True, True])


def test_of_two_approved_values_of_one_hour_the_first_counts() -> None:
    found = smhi_file(CSV.replace(b"0.9;Y", b"0.9;G")).found
    assert hours(found)["2023-03-26T01:00+00:00"] == 0.9
    assert (15, "hour_given_twice") in refused(found)


@pytest.mark.parametrize("updated", [None, "1704880800000", 0, 10**18])
def test_json_says_when_it_was_made_where_it_gives_a_time_that_can_be(updated: Any) -> None:
    assert smhi_file(JSON).made_at == datetime(2024, 1, 10, 10, tzinfo=UTC)
    assert smhi_file(json.dumps(json.loads(JSON) | {"updated": updated}).encode()).made_at is None
    assert smhi_file(CSV).made_at is None


def test_a_station_beside_the_earth_has_no_place() -> None:
    for latitude, longitude in (("NaN", 13.3), (59.4, 1e400), (90.1, 0), (0, -180.5)):
        answer = json.loads(JSON)
        answer["position"] = [{"from": 0, "to": 1, "latitude": latitude, "longitude": longitude}]
        assert smhi_file(json.dumps(answer).encode()).place is None


def test_a_field_as_long_as_a_file_is_told_whole() -> None:
    with pytest.raises(UnreadableFileError, match="far too long"):
        smhi_file(CSV.replace(b"1.5", b"1" * 200_000))
