"""Files with a column for each hour, meter or time: every filled cell is a figure of its own."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.ingest.sources import lines
from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from tests.unit.ingest.sources.local_export import STOCKHOLM

ENERGY = {"field": "energy_wh", "unit": "kWh"}
HOURS = [f"{hour:02}" for hour in range(24)]
AUTUMN, SPRING = date(2024, 10, 27), date(2024, 3, 31)


def profile(header: str, without: tuple[str, ...] = (), **keys: Any) -> Profile:
    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "decimal": ",",
            "wide": {"header": header, "without": without},
            "values": [ENERGY],
        }
        | keys
    )


def of_hours(header: str = "{clock}", without: tuple[str, ...] = (), **time: Any) -> Profile:
    of_days = {"column": "Datum", "format": "%Y-%m-%d %H", "zone": "Europe/Stockholm", "clock_change": "by_order"}
    return profile(header, without, serial={"column": "Mätare"}, time=of_days | time)


def read(by: Profile, *rows: str) -> ReadingsFile:
    return readings_file("\n".join(rows).encode(), by)


def header(*cells: str) -> str:
    return ";".join(["Mätare", "Datum", *cells])


def refused(file: ReadingsFile) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in file.refusals]


def kwh_at(file: ReadingsFile) -> dict[datetime, float]:
    return {row["read_at"]: row["energy_wh"] / 1_000 for row in file.readings.to_pylist()}


def marks(day: date) -> list[datetime]:
    """Give the hours of a day in Stockholm, 23 to 25 of them, by when each begins."""
    begins, ends = (
        datetime(one.year, one.month, one.day, tzinfo=STOCKHOLM).astimezone(UTC) for one in (day, day + timedelta(1))
    )
    return [begins + timedelta(hours=hour) for hour in range((ends - begins) // timedelta(hours=1))]


def shown(day: date) -> dict[datetime, float]:
    return {at: 1_000.0 + number for number, at in enumerate(marks(day))}


def test_a_column_for_each_hour_is_read_with_the_hour_that_autumn_repeats_and_spring_skips() -> None:
    cells = ["00", "01", "02", "02", *HOURS[3:]]
    for day in (AUTUMN, SPRING, date(2024, 1, 1)):
        values = {
            f"{at.astimezone(STOCKHOLM):%H}{at.astimezone(STOCKHOLM).fold}": kwh for at, kwh in shown(day).items()
        }
        filled = [values.get("021" if place == 3 else f"{cell}0", "") for place, cell in enumerate(cells)]
        file = read(
            of_hours(), header(*cells), ";".join(["66", f"{day}", *(str(one).replace(".", ",") for one in filled)])
        )
        assert (kwh_at(file), refused(file)) == (shown(day), [])


@pytest.mark.parametrize(
    ("template", "cells"),
    [("{clock}", ("02A", "02B")), ("kl. {clock}", ("kl. 02A", "kl. 02B")), ("H{clock}-*", ("H02A-03", "H02B-03"))],
)
def test_marks_in_the_header_tell_the_passes(template: str, cells: tuple[str, str]) -> None:
    by = of_hours(template, clock_change="by_mark", marks=["A", "B"])
    file = read(by, header(*cells), "66;2024-10-27;5;6", "66;2024-10-28;7;")
    assert kwh_at(file) == {
        datetime(2024, 10, 27, 0, tzinfo=UTC): 5,
        datetime(2024, 10, 27, 1, tzinfo=UTC): 6,
        datetime(2024, 10, 28, 1, tzinfo=UTC): 7,
    }


def test_hours_numbered_from_1_to_24_stand_at_their_ends() -> None:
    by = of_hours(stamped="end", day_ends_at_24=True)
    cells = [str(hour) for hour in range(1, 25)]
    file = read(by, header(*cells), ";".join(["66", "2024-01-01", *map(str, range(24))]))
    ends = [at + timedelta(hours=1) for at in marks(date(2024, 1, 1))]
    assert kwh_at(file) == dict(zip(ends, range(24), strict=True))


def test_hours_that_are_counted_through_a_day_are_23_to_25() -> None:
    by = of_hours("Timme {count}", format="%Y-%m-%d", clock_change="refuse")
    cells = [f"Timme {number}" for number in range(1, 26)]
    for day in (AUTUMN, SPRING, date(2024, 1, 1)):
        at_ends = {at + timedelta(hours=1): kwh for at, kwh in shown(day).items()}
        filled = [f"{kwh:.0f}" for kwh in at_ends.values()]
        file = read(by, header(*cells), ";".join(["66", f"{day}", *filled, *[""] * (25 - len(filled))]))
        assert (kwh_at(file), refused(file)) == (at_ends, [])


def test_an_hour_more_than_the_day_has_is_no_time() -> None:
    by = of_hours("{count}", format="%Y-%m-%d", clock_change="refuse")
    cells = [str(number) for number in range(1, 26)]
    file = read(by, header(*cells), ";".join(["66", f"{SPRING}", *map(str, range(24)), ""]))
    assert (len(kwh_at(file)), refused(file)) == (23, [(2, "Datum", "no_such_time")])


def test_a_line_for_each_quantity_with_a_column_for_each_hour() -> None:
    by = Profile.model_validate(
        of_hours().model_dump(exclude_unset=True)
        | {
            "quantity": {"column": "Typ"},
            "values": [ENERGY | {"equals": ["E"]}, {"field": "volume_l", "unit": "m3", "equals": ["V"]}],
        }
    )
    file = read(by, "Mätare;Datum;Typ;00;01", "66;2024-01-01;E;1;2", "66;2024-01-01;P;9;9", "66;2024-01-01;V;3;")
    rows = [(row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()]
    assert (rows, refused(file)) == ([(1_000, 3_000), (2_000, None)], [])


OF_METERS: dict[str, Any] = {"time": {"column": "Tid", "format": "%Y-%m-%d %H:%M", "zone": "+01:00"}}


def test_a_column_for_each_meter_is_named_by_its_header() -> None:
    by = profile("{metering_point}", ("Totalt",), **OF_METERS)
    file = read(by, "Tid;P-1;P-2;Totalt", "2024-01-01 01:00;1,5;2;3", "2024-01-01 02:00;;4;4", "Summa;1;2;3")
    rows = [(row["metering_point"], row["energy_wh"]) for row in file.readings.to_pylist()]
    assert rows == [("P-1", 1_500), ("P-2", 2_000), ("P-2", 4_000)]
    assert file.line.tolist() == [2, 2, 3]
    # The line is refused once, whatever it has cells.
    assert refused(file) == [(4, "Tid", "not_a_time")]


def test_a_header_may_name_meter_and_quantity() -> None:
    values = [ENERGY | {"equals": ["Energi kWh"]}, {"field": "volume_l", "unit": "m3", "equals": ["Volym m3"]}]
    by = profile("{quantity} ({serial})", values=values, **OF_METERS)
    cells = "Energi kWh (66);Volym m3 (66);Effekt (66);Energi kWh (67);Volym m3 (67)"
    file = read(by, f"Tid;{cells}", "2024-01-01 01:00;1;2;8;3;x", "2024-01-01 02:00;4;;8;;5")
    rows = [(row["serial"], row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()]
    assert rows == [("66", 1_000, 2_000), ("67", 3_000, None), ("66", 4_000, None)]
    # Faults of figures name the header's cell.
    assert refused(file) == [(2, "Volym m3 (67)", "not_a_number"), (3, "Volym m3 (67)", "energy_not_given")]
    assert any("passed over: Effekt (2)" in note for note in file.notes)


def test_a_column_for_each_time() -> None:
    time = {"format": "%Y-%m-%d", "zone": "Europe/Stockholm"}
    by = profile("{time}", serial={"column": "Mätare"}, time=time)
    file = read(by, "Mätare;Adress;2024-06-01;2024-07-01;Not", "66;Gatan 1;1;2;x", "67;Gatan 2;;3;x")
    rows = [(row["serial"], row["read_at"].isoformat(), row["energy_wh"]) for row in file.readings.to_pylist()]
    assert rows == [
        ("66", "2024-05-31T22:00:00+00:00", 1_000),
        ("66", "2024-06-30T22:00:00+00:00", 2_000),
        ("67", "2024-06-30T22:00:00+00:00", 3_000),
    ]


def test_an_empty_cell_says_nothing_and_a_sentinel_is_refused_with_its_column() -> None:
    by = of_hours()
    by = by.model_copy(update={"values": (by.values[0].model_copy(update={"sentinels": ("-",)}),)})
    file = read(by, header("00", "01", "02"), "66;2024-01-01;1;;-", "66;2024-01-02;;;")
    assert (list(kwh_at(file).values()), refused(file)) == ([1], [(2, "02", "sentinel")])


def test_titles_above_the_header_are_passed_over() -> None:
    file = read(
        of_hours(without=("Summa",)), "Exempelstad;2024", "", header("00", "01", "Summa"), "66;2024-01-01;1;2;3"
    )
    assert (list(kwh_at(file).values()), file.line.tolist()) == ([1, 2], [4, 4])


def test_a_header_without_such_a_cell_is_told_with_what_the_profile_asks_for() -> None:
    with pytest.raises(UnreadableFileError, match=r"\[wide\] in the profile says, kl {clock}; it has Mätare, Da"):
        read(of_hours("kl {clock}"), header("00", "01"), "66;2024-01-01;1;2")


def test_a_file_of_a_thousand_meters_and_many_pieces_is_read_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    by = profile("{serial}", **OF_METERS)
    meters = [str(66_000_000 + number) for number in range(1_000)]
    rows = [";".join([f"2024-01-01 {hour:02}:00", *(f"{hour + 1:010}" for _ in meters)]) for hour in range(24)]
    monkeypatch.setattr(lines, "PIECE_BYTES", 20_000)
    file = read(by, ";".join(["Tid", *meters]), *rows)
    assert (file.readings.num_rows, refused(file)) == (24_000, [])
    assert file.readings.column("serial").to_pylist()[:1_000] == meters


def test_consumption_by_the_hour_is_refused() -> None:
    days = [";".join(["66", f"2024-01-{day:02}", *(str(hour % 3) for hour in range(24))]) for day in range(1, 5)]
    with pytest.raises(UnreadableFileError, match="what was used in each hour"):
        read(of_hours(), header(*HOURS), *days)
