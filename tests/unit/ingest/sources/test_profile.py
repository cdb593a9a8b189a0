"""Profiles: what is wrong with one is said by name."""

from pathlib import Path

import pytest

from services.ingest.sources.profile import Profile, ProfileError, profile
from services.ingest.sources.shipped import profile_named, profile_names

GOOD = """
kind = "readings"
delimiter = ";"
decimal = ","

[time]
column = "Tid"
zone = "+01:00"

[[values]]
column = "Energi"
field = "energy_wh"
unit = "kWh"
"""


def test_every_profile_that_is_shipped_can_be_used() -> None:
    assert profile_names() == ["danish-relife", "dmi-hourly", "karup", "kulvert"]
    assert all(isinstance(profile_named(name), Profile) for name in profile_names())


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ('delimiter = ";"', 'delimiter = ";"\ncolour = "red"', "no key 'colour'"),
        ('column = "Tid"', 'column = "Tid"\nzon = "UTC"', "no key 'time.zon'"),
        ('delimiter = ";"', 'delimiter = "#"', "delimiter"),
        ('unit = "kWh"', 'unit = "kW"', "cannot be given in 'kW'; use Wh, kWh, MWh, GJ"),
        ('field = "energy_wh"', 'field = "energi"', "no field 'energi'"),
        ('zone = "+01:00"', 'zone = "Europe/Stokholm"', "time.zone: write UTC"),
        ('zone = "+01:00"', 'zone = "+1"', "time.zone: write UTC"),
        ('zone = "+01:00"', 'format = "%d/%m"', "time.format: a format needs"),
        ('zone = "+01:00"', 'format = "%d/%m/%Y %I"', "not %I"),
        ('zone = "+01:00"', 'stamped = "end"', "neither celsius nor stamped"),
        ('column = "Tid"', "column = 3", "give columns as names"),
        ('decimal = ","', 'thousands = "."', "the same character"),
        ('column = "Energi"', 'column = "Tid"', "each column may be named once: Tid"),
        ('kind = "readings"', 'kind = "weather"', "a weather file has"),
        ("[time]", "[time", "is not TOML"),
    ],
)
def test_a_wrong_profile_names_the_key_and_what_to_do(good: str, bad: str, words: str) -> None:
    assert profile(GOOD, "own")
    with pytest.raises(ProfileError) as refused:
        profile(GOOD.replace(good, bad, 1), "own")
    assert words in str(refused.value)


def test_an_unknown_profile_is_answered_with_those_there_are() -> None:
    with pytest.raises(ProfileError, match="danish-relife, dmi-hourly, karup, kulvert"):
        profile_named("norwegian")


def test_a_utilitys_own_profile_is_read_from_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(GOOD)
    assert profile_named(str(own)).time.zone == "+01:00"
    with pytest.raises(ProfileError, match="cannot be read"):
        profile_named(str(tmp_path / "other.toml"))
