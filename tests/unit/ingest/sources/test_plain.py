"""Files that a program has packed, or written with two bytes for each letter."""

import gzip

import pytest

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.temperatures_file import temperatures_file
from tests.unit.ingest.sources.local_export import profile

TEXT = "Mätare;Tid;Energi kWh\r\n66;2024-01-01 01:00;7\r\n66;2024-01-01 02:00;8\r\n"


def kwh(data: bytes, name: str = "", **keys: object) -> list[float]:
    by = Profile.model_validate(profile().model_dump(exclude_unset=True) | keys)
    return [wh / 1_000 for wh in readings_file(data, by, file_name=name).readings.column("energy_wh").to_pylist()]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_packed_file_is_read_as_the_file_in_it(encoding: str) -> None:
    assert kwh(gzip.compress(TEXT.encode(encoding))) == [7, 8]
    assert kwh(gzip.compress(TEXT.encode("cp1252")), encoding="windows-1252") == [7, 8]


def test_packed_files_that_were_put_one_behind_the_other_are_read_as_one() -> None:
    second = "Mätare;Tid;Energi kWh\r\n66;2024-01-01 03:00;9\r\n"
    assert kwh(gzip.compress(TEXT.encode()) + gzip.compress(second.encode())) == [7, 8, 9]


def test_the_ending_of_a_packed_files_name_is_none_of_its_profiles_concern() -> None:
    assert kwh(gzip.compress(TEXT.encode()), "66_1.csv.GZ", file_name="{serial}_*.csv") == [7, 8]


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize("written", ["utf-16-le", "utf-16-be"])
def test_a_mark_of_utf_16_counts_before_the_encoding_that_the_profile_says(written: str, encoding: str) -> None:
    assert kwh(("\ufeff" + TEXT).encode(written), encoding=encoding) == [7, 8]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(TEXT.encode())[:-6], "gzip, and cut"),
        (gzip.compress(TEXT.encode())[:-6] + b"123456", "gzip, and damaged"),
        (b"\x1f\x8b" + bytes(20), "gzip, and damaged"),
        (gzip.compress(gzip.compress(TEXT.encode())), "is compressed; unpack it first"),
        (gzip.compress(bytes(30_000_000)), "over 20,000,000 bytes once it is unpacked"),
        (gzip.compress(bytes(11_000_000)) * 2, "once it is unpacked"),
    ],
    ids=["cut", "altered", "no gzip", "packed twice", "bomb", "two bombs"],
)
def test_a_packed_file_that_cannot_be_read_says_why(data: bytes, words: str) -> None:
    with pytest.raises(UnreadableFileError, match=words):
        kwh(data)


def test_a_packed_file_of_weather_is_read_too() -> None:
    by = Profile.model_validate(
        {
            "kind": "weather",
            "delimiter": ",",
            "header": False,
            "time": {"column": 1},
            "values": [{"column": 2, "field": "celsius", "unit": "C"}],
        }
    )
    found = temperatures_file(gzip.compress(b"2024-01-01T00:00Z,-3.5\n"), by)
    assert found.celsius.tolist() == [-3.5]
