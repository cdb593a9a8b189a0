"""Profiles: what is wrong with one is said by name."""

from pathlib import Path

import pytest

from services.ingest.sources import shipped
from services.ingest.sources.profile import Profile, ProfileError, profile
from services.ingest.sources.shipped import profile_named, profile_names

OF_LIBRARIES = ("Input ", "input", "String ", "Field ", "Value ", "Extra ", "should ", "valid", "Expected", "Invalid")

README = Path(shipped.__file__).with_name("profiles") / "README.md"
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
    assert profile_names() == ["danish-relife", "dmi-hourly", "karup", "kulvert", "nordic-local"]
    assert all(isinstance(profile_named(name), Profile) for name in profile_names())


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ('delimiter = ";"', 'delimiter = ";"\ncolour = "red"', "colour: there is no such key; remove it"),
        ('column = "Tid"', 'column = "Tid"\nzon = "UTC"', "time.zon: there is no such key; remove it"),
        ('kind = "readings"', "", "kind: it is missing; add it"),
        ("[time]", "[times]", "time: it is missing; add it"),
        ('unit = "kWh"', "", "values 1: write unit, that of every line, or unit_column"),
        ('kind = "readings"', 'kind = "reading"', "kind: write 'readings' or 'weather'"),
        ('kind = "readings"', "kind = 7", "kind: write 'readings' or 'weather'"),
        ('decimal = ","', 'decimal = "comma"', "decimal: write '.' or ','"),
        ('decimal = ","', 'header = "no header"', "header: write true or false, without quotation marks"),
        ("[time]", '[time]\nclock_change = "by order"', "time.clock_change: write 'by_order', 'by_counter', 'by_mark'"),
        ('column = "Tid"', "column = 0", "time.column: write the column's name in quotation marks or, in a file"),
        ('column = "Tid"', 'column = ""', "time.column: write the column's name in quotation marks or, in a file"),
        ('column = "Tid"', "column = true", "time.column: write the column's name in quotation marks or, in a file"),
        ('column = "Tid"', "column = 10001", "its number, from 1 to 10000"),
        ('kind = "readings"', 'kind = "readings"\nserial = "Serie"', "serial: write a table, as in [time]"),
        ("[[values]]", "[values]", "values: write each value as a table of its own, below [[values]]"),
        ('unit = "kWh"', 'unit = "kWh"\nsentinels = -999', "values 1.sentinels: write a list, in square brackets"),
        ('unit = "kWh"', 'unit = "kWh"\nsentinels = [-999]', "sentinels 1: write a text, in quotation marks"),
        ("[[values]]", "[[value]]", "values: it is missing; add it"),
        ('zone = "+01:00"', "zone = 2026-01-01", "time.zone: write a text, in quotation marks"),
        ('delimiter = ";"', 'delimiter = "#"', "delimiter"),
        ('unit = "kWh"', 'unit = "kW"', "cannot be given in 'kW'; use Wh, kWh, MWh, MJ, GJ"),
        (
            'unit = "kWh"',
            'unit = "kWh"\nunit_column = "Enhet"',
            "values 1: write unit, that of every line, or unit_column",
        ),
        ('unit = "kWh"', 'unit_column = "Enhet"\nmodulus = "10"', "with unit_column leave them out"),
        ('unit = "kWh"', 'unit_column = "Tid"', "each column may be named once: Tid"),
        ('field = "energy_wh"', 'field = "energi"', "no field 'energi'"),
        ('zone = "+01:00"', 'zone = "Europe/Stokholm"', "time.zone: write UTC"),
        ('zone = "+01:00"', 'zone = "+1"', "time.zone: write UTC"),
        ('zone = "+01:00"', f'zone = "{"03/" * 900}2024"', "time.zone: write UTC"),
        ('zone = "+01:00"', 'format = "%d/%m"', "time.format: a format needs"),
        ('zone = "+01:00"', 'format = "%d/%m/%Y %B"', "not %B"),
        ('zone = "+01:00"', 'stamped = "middle"', "time.stamped: write 'begin' or 'end'"),
        ('zone = "+01:00"', 'format = "%Y-%m-%d"\nstamped = "end"', "for days write 'begin'"),
        ('zone = "+01:00"', 'clock_change = "by_mark"', "marks, those of summer and of normal time, go together"),
        ('zone = "+01:00"', 'marks = ["A", "B"]', "marks, those of summer and of normal time, go together"),
        ('zone = "+01:00"', 'mark_column = "S"', "mark_column goes with clock_change = 'by_mark'"),
        ('zone = "+01:00"', 'clock_change = "by_mark"\nmarks = ["A", "A"]', "marks: write that of summer"),
        ('zone = "+01:00"', 'clock_change = "by_mark"\nmarks = ["1", "0"]', "have no digits; or name their column"),
        ('zone = "+01:00"', 'clock_change = "by_counter"', "counter_column, the meter's hour counter, go together"),
        ('zone = "+01:00"', 'counter_column = "Drifttid"', "counter_column, the meter's hour counter, go together"),
        ('zone = "+01:00"', 'clock_column = "Kl"\nformat = "%Y%m%d"', "write the format of both columns"),
        ('zone = "+01:00"', 'clock_column = "Tid"', "each column may be named once: Tid"),
        ('kind = "readings"', 'kind = "readings"\nfile_name = "*.csv"', "file_name: write {serial}, {metering_point}"),
        ('kind = "readings"', 'kind = "readings"\nfile_name = "{meter}_*.csv"', "file_name: write {serial}"),
        ('kind = "readings"', 'kind = "readings"\nfile_name = "{serial}*.csv"', "put a character behind {serial}"),
        ('kind = "readings"', 'kind = "readings"\nfile_name = "../{serial}.csv"', "neither braces nor slashes"),
        ('zone = "+01:00"', 'zones = { CET = "+01:00" }', "zones says what the texts of zone_column mean"),
        ('zone = "+01:00"', 'zone_column = "Zon"\nzones = { CET = "CE" }', "time.zones.CET: write UTC"),
        (
            'kind = "readings"',
            'kind = "readings"\nwide = { header = "{serial}" }',
            "values: [wide] says where it stands",
        ),
        ('kind = "readings"', 'kind = "readings"\nwide = { header = "{time}" }', "time: [wide] says where it stands"),
        ('kind = "readings"', 'kind = "readings"\nwide = 7', "wide: write a table"),
        ('kind = "readings"', 'kind = "readings"\nquantity = { column = "Typ" }', "each with equals, its texts"),
        ('column = "Energi"', 'column = "{value}"', "no header says what {value} is; see header in [wide]"),
        ('zone = "+01:00"', 'zone_column = "{serial}"', "no header says what {serial} is"),
        ('unit = "kWh"', 'unit = "kWh"\nequals = ["E"]', "name the column of quantities that it is about"),
        ('kind = "readings"', 'kind = "readings"\nsheet = 0', "sheet: write the sheet's name in quotation marks"),
        ('kind = "readings"', 'kind = "readings"\nskip_lines = -1', "skip_lines: it must be 0 or more"),
        ('unit = "kWh"', 'unit = "kWh"\nmodulus = "1e5"', "energy_wh: write modulus as the file writes a number"),
        ('unit = "kWh"', 'unit = "kWh"\nmodulus = 100000', "values 1.modulus: write a text, in quotation marks"),
        ('unit = "kWh"', 'unit = "kWh"\nresolution = "0,0001"', "energy_wh: write resolution as the file writes"),
        ('field = "energy_wh"\nunit = "kWh"', 'field = "power_w"\nunit = "W"\nmodulus = "9"', "power_w is no register"),
        ('field = "energy_wh"', 'field = "consumption_wh"', "what was used in each hour is not taken"),
        ('column = "Tid"', "column = 3", "give columns as names"),
        ('decimal = ","', 'thousands = "."', "the same character"),
        ('column = "Energi"', 'column = "Tid"', "each column may be named once: Tid"),
        ('kind = "readings"', 'kind = "weather"', "a weather file has"),
        ("[time]", "[time", "is not TOML: look at line 6, column 6; each key stands once, as in"),
        ('kind = "readings"', "kind = readings", "is not TOML: look at line 2, column 8"),
        ('unit = "kWh"', 'unit = """', "is not TOML: look at its end"),
        ('kind = "readings"', "kind = " + "[" * 3_000, "is not TOML"),
        ('kind = "readings"', "kind = " + "9" * 5_000, "is not TOML"),
    ],
    ids=lambda value: value[:40],
)
def test_a_wrong_profile_names_the_key_and_what_to_do(good: str, bad: str, words: str) -> None:
    assert profile(GOOD, "own")
    with pytest.raises(ProfileError) as refused:
        profile(GOOD.replace(good, bad, 1), "own")
    assert words in str(refused.value)
    assert not [word for word in OF_LIBRARIES if word in str(refused.value)]


def test_the_examples_of_the_readme_are_profiles() -> None:
    blocks = README.read_text().split("```toml\n")[1:]
    examples = [block.split("```")[0] for block in blocks]
    for example in examples:
        time = "" if "[time]" in example else 'time = { column = "Tid", zone = "UTC" }\n'
        assert profile(f'kind = "readings"\ndelimiter = ";"\n{time}{example}', "README").kind == "readings"
    assert len(examples) == 4


WIDE = """
kind = "readings"
delimiter = ";"
wide = { header = "{clock}" }
time = { column = "Tid", format = "%Y-%m-%d %H", zone = "+01:00" }
values = [{ field = "energy_wh", unit = "kWh" }]
"""


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ("{clock}", "kl", "wide.header: write {serial}, {metering_point}"),
        ("{clock}", "{hour}", "wide.header: write {serial}, {metering_point}"),
        ("{clock}", "{serial}{clock}", "wide.header: put a character behind {serial}"),
        ("{clock}", "{count} {clock}", "wide.header: write one of {clock}, {count} and {time}"),
        ("{clock}", "{quantity}", "wide.header: a file with a column for each quantity is no wide one"),
        ("{clock}", "{count}", "write a format of dates alone, and their zone"),
        ("{clock}", "{serial} {clock}", ""),
        ('delimiter = ";"', "header = false", "give columns as numbers"),
        ("format", "clock_column = 'Kl', format", "time: [wide] says where it stands; leave clock_column out"),
        ("%Y-%m-%d %H", "%Y-%m-%d", "write the format of both columns"),
        (
            ' unit = "kWh" }',
            ' unit = "kWh" }, { field = "volume_l", unit = "l" }',
            "names them in its header, {quantity}",
        ),
    ],
)
def test_a_wide_profile_says_each_thing_once(good: str, bad: str, words: str) -> None:
    if not words:
        assert profile(WIDE.replace(good, bad, 1), "own")
        return
    with pytest.raises(ProfileError) as refused:
        profile(WIDE.replace(good, bad, 1), "own")
    assert words in str(refused.value)


LONG = """
kind = "readings"
delimiter = ";"
time = { column = "Tid", zone = "+01:00" }
quantity = { column = "Typ" }
values = [
    { column = "V", field = "energy_wh", unit = "kWh", equals = ["E"] },
    { column = "V", field = "volume_l", unit = "l", equals = ["V"] },
]
"""


@pytest.mark.parametrize(
    ("good", "bad", "words"),
    [
        ('equals = ["V"]', 'equals = ["E"]', "each quantity may be named once: E"),
        ('equals = ["V"]', "equals = []", "each with equals, its texts"),
        ('{ column = "V", field = "volume_l"', '{ column = "W", field = "volume_l"', "all values stand in one column"),
        ('column = "Typ"', 'column = "V"', "each column may be named once: V"),
        ('kind = "readings"', 'kind = "weather"', "a weather file has a time and one value"),
    ],
)
def test_a_long_profile_says_what_each_text_means(good: str, bad: str, words: str) -> None:
    assert profile(LONG, "own")
    with pytest.raises(ProfileError) as refused:
        profile(LONG.replace(good, bad, 1), "own")
    assert words in str(refused.value)


def test_of_many_wrong_keys_ten_are_told_and_the_others_counted() -> None:
    unknown = "\n".join(f"key_{number} = 1" for number in range(12))
    with pytest.raises(ProfileError, match=r"^profile own: .*key_9: [^;]*; [^;]*; and 2 more$"):
        profile(f"{unknown}\n{GOOD}", "own")


def test_an_unknown_profile_is_answered_with_those_there_are() -> None:
    with pytest.raises(ProfileError, match="danish-relife, dmi-hourly, karup, kulvert, nordic-local"):
        profile_named("norwegian")


def test_a_utilitys_own_profile_is_read_from_its_file(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(GOOD)
    assert profile_named(str(own)).time.zone == "+01:00"
    with pytest.raises(ProfileError, match="cannot be read"):
        profile_named(str(tmp_path / "other.toml"))
