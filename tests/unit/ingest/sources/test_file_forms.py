"""What files of other programs look like beside their times: names, frames, quotes, moduli."""

from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from services.ingest.sources import lines
from services.ingest.sources.file_name import names_in
from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import IN_THE_FILE, Named, ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from tests.unit.ingest.sources.local_export import profile

HEADER = "Mätare;Tid;Energi kWh"
AT = "2024-01-01 01:00"


def with_keys(**keys: object) -> Profile:
    return Profile.model_validate(profile().model_dump(exclude_unset=True) | keys)


def read(text: str, by: Profile, name: str = "", named: Named = IN_THE_FILE) -> ReadingsFile:
    return readings_file(text.encode(), by, named, name)


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def kwh(file: ReadingsFile) -> list[float]:
    return [wh / 1_000 for wh in file.readings.column("energy_wh").to_pylist()]


@pytest.mark.parametrize(
    ("name", "template", "names"),
    [
        ("66000001_2024-01.csv", "{serial}_*.csv", {"serial": "66000001"}),
        ("66000001_2024_01.CSV", "{serial}_*.csv", {"serial": "66000001"}),
        (
            "export P-17 (66).xlsx",
            "export {metering_point} ({serial}).xlsx",
            {"metering_point": "P-17", "serial": "66"},
        ),
        ("2024-01-66.txt", "*-{serial}.txt", {"serial": "66"}),
        ("66", "{serial}", {"serial": "66"}),
    ],
)
def test_a_files_name_says_whose_it_is(name: str, template: str, names: dict[str, str]) -> None:
    assert names_in(name, template) == names


@pytest.mark.parametrize("name", ["_2024.csv", "66.csv", "66_2024.xlsx", "x/66_2024.txt", " _2024.csv", ""])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(UnreadableFileError, match="not as the profile's file_name says"):
        names_in(name, "{serial}_*.csv")


BY_NAME = with_keys(file_name="{serial}_*.csv", serial={"column": "Mätare", "optional": True})


def test_a_file_without_a_column_of_meters_is_whose_its_name_says() -> None:
    file = read(f"Tid;Energi kWh\n{AT};7", BY_NAME, "66_2024.csv")
    assert file.readings.column("serial").to_pylist() == ["66"]


def test_a_line_that_names_another_meter_than_the_file_is_refused() -> None:
    file = read(f"{HEADER}\n66;{AT};7\n;{AT};7\n67;{AT};7\n066;{AT};7", BY_NAME, "66_2024.csv")
    assert file.readings.column("serial").to_pylist() == ["66", "66"]
    assert refused(file) == [(4, "Mätare", "another_meter"), (5, "Mätare", "another_meter")]


def test_what_a_person_names_counts_before_the_files_name() -> None:
    file = read(f"{HEADER}\n67;{AT};7", BY_NAME, "anything.csv", Named(serial="68"))
    assert file.readings.column("serial").to_pylist() == ["68"]


def exported(file_name: str, **how: str) -> Profile:
    return with_keys(file_name=file_name, exported_at={"format": "%Y%m%d_%H%M", "zone": "Europe/Stockholm", **how})


@pytest.mark.parametrize(
    ("template", "how", "name", "instant"),
    [
        ("*_{exported_at}.csv", {}, "week_20240701_0800.csv", "2024-07-01T06:00Z"),
        ("{serial}_{exported_at}_*.csv", {}, "66_20240101_0800_north_2.csv", "2024-01-01T07:00Z"),
        ("{exported_at}_*.csv", {}, "20240101_0800_north_2.CSV", "2024-01-01T07:00Z"),
        ("{exported_at}.csv", {"format": "%Y-%m-%d"}, "2024-01-02.csv", "2024-01-01T23:00Z"),
        ("{exported_at}.csv", {"zone": "+01:00"}, "20240701_0800.csv", "2024-07-01T07:00Z"),
        ("{exported_at}.csv", {"zone": "UTC"}, "20240701_0800.csv", "2024-07-01T08:00Z"),
        ("{exported_at}.csv", {"format": "unix_ms"}, "1704067200000.csv", "2024-01-01T00:00Z"),
        # In the hour that autumn repeats it is the first pass.
        ("{exported_at}.csv", {}, "20241027_0230.csv", "2024-10-27T00:30Z"),
    ],
)
def test_a_files_name_says_when_it_was_exported(template: str, how: dict[str, str], name: str, instant: str) -> None:
    file = read(f"{HEADER}\n66;{AT};7", exported(template, **how), name)
    assert file.readings.column("recorded_at").to_pylist() == [datetime.fromisoformat(instant)]
    assert file.readings.column("serial").to_pylist() == ["66"]


def test_when_a_person_says_that_a_file_was_exported_counts_before_its_name() -> None:
    said = Named(metering_point="P-1", recorded_at=datetime(2024, 5, 1, tzinfo=UTC))
    by = exported("{exported_at}.csv")
    file = read(f"{HEADER}\n66;{AT};7", by, "20240701_0800.csv", said)
    assert file.readings.column("recorded_at").to_pylist() == [said.recorded_at]
    for_one_point = read(f"{HEADER}\n66;{AT};7", by, "20240701_0800.csv", Named(metering_point="P-1"))
    assert for_one_point.readings.column("recorded_at").to_pylist() == [datetime(2024, 7, 1, 6, tzinfo=UTC)]


def test_a_files_name_without_a_time_where_one_should_be_is_refused() -> None:
    with pytest.raises(UnreadableFileError, match=r"says 20241301_0800 .* no time as %Y%m%d_%H%M"):
        read(f"{HEADER}\n66;{AT};7", exported("{exported_at}.csv"), "20241301_0800.csv")


@pytest.mark.parametrize(
    "keys", [{"file_name": "{exported_at}.csv"}, {"exported_at": {"format": "iso", "zone": "UTC"}}]
)
def test_the_time_in_a_name_is_named_and_read_together(keys: dict[str, object]) -> None:
    with pytest.raises(ValidationError, match="in it go together"):
        with_keys(**keys)


def test_lines_above_the_header_and_a_total_below_do_not_disturb() -> None:
    text = f"Exempelstads Energi;\n;;kWh;\n\n{HEADER}\n66;{AT};7\nSumma;;7"
    file = read(text, profile())
    assert (file.line.tolist(), refused(file)) == ([5], [(6, "Tid", "field_missing")])


def test_lines_are_skipped_where_there_is_no_header_to_look_for() -> None:
    by = with_keys(
        header=False,
        skip_lines=2,
        serial={"column": 1},
        time={"column": 2, "format": "%Y%m%d%H%M", "zone": "+01:00"},
        values=[{"column": 3, "field": "energy_wh", "unit": "kWh"}],
    )
    file = read("Period\n2024\n66;202401010100;7\n66;20241110100;8", by)
    assert (file.line.tolist(), refused(file)) == ([3], [(4, "2", "not_a_time")])


def test_a_header_that_stands_again_is_no_line() -> None:
    file = read(f"{HEADER}\n66;{AT};7\n{HEADER}\n66;2024-01-01 02:00;8", profile())
    assert (kwh(file), refused(file)) == ([7, 8], [])


def test_empty_columns_at_the_end_may_be_there_or_not() -> None:
    file = read(f"{HEADER};;\n66;{AT};7\n66;2024-01-01 02:00;8;;;;\n66;2024-01-01 03:00;9;;x\n66;{AT}", profile())
    assert (kwh(file), refused(file)) == ([7, 8, 9], [(5, "", "wrong_number_of_fields")])
    beyond = read(f"{HEADER}\n66;{AT};7;\n66;2024-01-01 02:00;8;x", profile())
    assert (kwh(beyond), refused(beyond)) == ([7], [(3, "", "wrong_number_of_fields")])


def test_quotes_change_nothing() -> None:
    lines = [f'"66";"{AT}";"7,5"', '66;"2024-01-01 02:00";8', '"66";"2024-01-01 03:00";"9;"', '"6""6";"x";"1']
    file = read("\n".join([HEADER.replace("Tid", '"Tid"'), *lines]), profile())
    assert kwh(file) == [7.5, 8]
    assert refused(file) == [(4, "Energi kWh", "not_a_number"), (5, "", "quote_not_closed")]


WITH_ADDRESS = "Mätare;Adress;Tid;Energi kWh;Anm"


def with_address(*records: str) -> ReadingsFile:
    return read("\n".join([WITH_ADDRESS, *records]), profile())


def test_a_field_that_nobody_asks_for_may_hold_line_breaks() -> None:
    file = with_address(
        f'66;"Ekvägen 1\n\n123 45 Norrby";{AT};1;"a ""b""\nc"',
        f'"67";"Ekvägen 2\r\n123 45; Norrby";"{AT}";2;',
        f"68;Ekvägen 3;{AT};3;",
    )
    assert (kwh(file), refused(file), file.line.tolist()) == ([1, 2, 3], [], [2, 6, 8])


def test_a_line_break_in_a_columns_name_is_a_space() -> None:
    data = f'Rapport "2024"\n"Mätare";"Tid\n(lokal)";"Energi\nkWh"\n66;{AT};1\n'
    file = read(data, profile(column="Tid (lokal)"))
    assert (kwh(file), file.line.tolist(), refused(file)) == ([1], [5], [])


@pytest.mark.parametrize(
    "written",
    [
        "Mätare;Tid;Energi\u00a0kWh",
        "Mätare;Tid; Energi   kWh ",
        "Ma\u0308tare;Tid;Energi kWh",
        "Mätare;Tid;Energi\u202fkWh",
        "\u200bMätare;Tid;Energi\u200b kWh",
    ],
    ids=["unbroken", "several", "decomposed", "thin", "without-width"],
)
def test_names_of_columns_that_look_the_same_are_the_same(written: str) -> None:
    assert kwh(read(f"{written}\n66;{AT};7", profile())) == [7]
    by = with_keys(values=[{"column": "Energi\u00a0 kWh", "field": "energy_wh", "unit": "kWh"}])
    assert kwh(read(f"{written}\n66;{AT};7", by)) == [7]


def test_rows_that_a_spreadsheet_left_empty_are_passed_over() -> None:
    file = read(f"Mätare;Tid;Energi kWh\n66;{AT};7\n;;\n; ;\n;;;;\n", profile())
    assert (kwh(file), file.lines, refused(file)) == ([7], 1, [])


@pytest.mark.parametrize(
    ("records", "good"),
    [
        ((f'66;"Eken;{AT};1;', f'66;Ek;{AT};2;end"', f"66;Ek;{AT};3;"), [2, 3]),
        ((f'66;Ek;{AT};1;"note', f"66;Ek;{AT};2;", f'66;Ek;{AT};3;end"'), [2, 3]),
        ((f'66;"Ek;{AT};1;', *[f"66;Ek;{AT};{n};" for n in range(2, 12)], f'Ek";{AT};12;'), [*range(2, 12)]),
        ((f'66;Ek;{AT};"1\n2";', f"66;Ek;{AT};2;"), [2]),
        ((f'66;Ek;{AT};"1\n";', f"66;Ek;{AT};2;"), [2]),
    ],
)
def test_a_quote_left_open_takes_no_good_line_with_it(records: tuple[str, ...], good: list[int]) -> None:
    assert kwh(with_address(*records)) == good


def test_line_breaks_are_kept_together_wherever_a_large_file_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    records = [f'66;"Ekvägen {n}\n""Norrby";2024-01-01 {n:02}:00;{n};' for n in range(24)]
    for size in range(40, 160, 7):
        monkeypatch.setattr(lines, "PIECE_BYTES", size + len(WITH_ADDRESS.encode()))
        file = with_address(*records)
        assert (kwh(file), refused(file)) == (list(range(24)), [])


def test_seconds_may_be_missing_and_iso_needs_no_t() -> None:
    texts = ["2024-01-01 01:00:00", "2024-01-01 02:00"]
    for time_format in ("%Y-%m-%d %H:%M:%S", "iso"):
        file = read("\n".join([HEADER, *(f"66;{text};7" for text in texts)]), profile(format=time_format))
        assert [f"{at:%H:%M:%S}" for at in file.readings.column("read_at").to_pylist()] == ["00:00:00", "01:00:00"]


LONG = """Mätare;Tid;Storhet;Energi kWh;Status
66;2024-01-01 00:00;Energi;7;OK
66;2024-01-01 00:00;Volym;1;OK
66;2024-01-01 00:00;Flöde;x;OK
66;2024-01-01 01:00;Energi;8;Preliminär
66;2024-01-01 01:00;Volym;2;OK
66;2024-01-01 02:00; E1 ;9;OK
66;never;Energi;9;OK
"""


def only(*chosen: tuple[str, list[str]]) -> Profile:
    return with_keys(only=[{"column": column, "equals": equals} for column, equals in chosen])


def test_lines_of_other_figures_are_passed_over_and_counted() -> None:
    file = read(LONG, only(("Storhet", ["Energi", "E1"])))
    assert (kwh(file), refused(file)) == ([7, 8, 9], [(8, "Tid", "not_a_time")])
    assert "3 lines were passed over, by [[only]] in the profile" in file.notes
    final = read(LONG, only(("Storhet", ["Energi", "E1"]), ("Status", ["OK"])))
    assert (kwh(final), final.notes[-1]) == ([7, 9], "4 lines were passed over, by [[only]] in the profile")


def test_a_file_of_which_no_line_is_chosen_says_how_many_were_passed_over() -> None:
    file = read(LONG, only(("Storhet", ["Energy"])))
    assert (kwh(file), refused(file), file.notes) == (
        [], [], ("7 lines were passed over, by [[only]] in the profile",),
    )  # fmt: skip


def test_lines_are_chosen_by_a_column_that_is_read_and_the_file_must_have_it() -> None:
    assert kwh(read(LONG, only(("Mätare", ["67"])))) == []
    with pytest.raises(UnreadableFileError, match="lacks the column Storhet"):
        read(f"{HEADER}\n66;{AT};7", only(("Storhet", ["Energi"])))


def of_register(**keys: object) -> Profile:
    return with_keys(values=[{"column": "Energi kWh", "field": "energy_wh", "unit": "kWh", **keys}])


def test_a_register_at_its_modulus_or_above_is_refused() -> None:
    file = read(f"{HEADER}\n66;{AT};99999,999\n66;{AT};100000", of_register(modulus="100000"))
    assert (kwh(file), refused(file)) == ([99_999.999], [(3, "Energi kWh", "register_above_modulus")])


def test_a_register_is_cut_to_the_resolution_that_its_meter_has() -> None:
    file = read(f"{HEADER}\n66;{AT};12,999\n66;2024-01-01 02:00;13", of_register(resolution="0,1"))
    assert kwh(file) == [12.9, 13]


@pytest.mark.parametrize("written", ["1004,9999999999999", "1005,0000000000001", "1005,00000000000006", "1005"])
def test_a_register_that_a_program_printed_from_a_float_is_the_step_that_it_was(written: str) -> None:
    assert kwh(read(f"{HEADER}\n66;{AT};{written}", of_register(resolution="1"))) == [1_005]
    assert kwh(read(f"{HEADER}\n66;{AT};1004,99999999999", of_register(resolution="1"))) == [1_004]


def test_what_was_used_in_each_hour_is_not_taken_for_a_register() -> None:
    used = [3, 2, 5, 1, 0, 0, 4, 2, 6, 1, 3, 2] * 4
    lines = [f"66;2024-01-{1 + hour // 24:02} {hour % 24:02}:00;{value}" for hour, value in enumerate(used)]
    with pytest.raises(UnreadableFileError, match=r"falls in 24 of 47 steps.*Kulvert takes the meter's register"):
        read("\n".join([HEADER, *lines]), profile())
    backwards = [f"66;2024-01-01 {hour:02}:00;{hour}" for hour in range(23, -1, -1)]
    assert len(kwh(read("\n".join([HEADER, *backwards]), profile()))) == 24
