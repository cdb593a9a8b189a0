"""Exports in local time, as they come: autumn's hour twice, spring's missing, blocks repeated, in any order."""

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import accumulate, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.ingest.sources.readings_file import ReadingsFile, readings_file
from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.shipped import profile_named
from tests.unit.ingest.sources.local_export import Shown, hours, line, profile, read_lines, taken

AUTUMN = "2024-10-26T20:00"
SPRING = "2024-03-30T20:00"
NIGHT_HOURS = 10


def night(first: str = AUTUMN, serial: str = "66", kwh: Sequence[int] = range(100, 110)) -> list[Shown]:
    return hours(serial, first, list(kwh))


def read(shown: Sequence[Shown]) -> ReadingsFile:
    return read_lines(map(line, shown))


def test_autumns_hour_twice_and_springs_missing_are_each_hour_once() -> None:
    shown = night(SPRING) + night(AUTUMN, kwh=range(200, 210))
    assert [line(one).split(";")[1][-5:] for one in shown[3:7]] == ["00:00", "01:00", "03:00", "04:00"]
    assert [line(one).split(";")[1][-5:] for one in shown[13:17]] == ["01:00", "02:00", "02:00", "03:00"]
    file = read(shown)
    assert (taken(file), len(file.refusals), file.told_apart) == (shown, 0, 2)


def test_a_month_exported_twice_is_each_reading_twice_and_nothing_else() -> None:
    october = hours("66", "2024-09-30T22:00", range(745))
    assert sum(" 02:00" in line(one) and "-10-27" in line(one) for one in october * 2) == 4
    file = read(october * 2)
    assert (taken(file), len(file.refusals)) == (october * 2, 0)


@pytest.mark.parametrize("overlap", range(NIGHT_HOURS))
def test_blocks_that_overlap_or_meet_at_any_hour_of_the_night_are_told_apart(overlap: int) -> None:
    shown = night()
    for blocks in (shown + shown[overlap:], shown[:overlap] + shown, shown[overlap:] + shown[:overlap]):
        for way in (blocks, blocks[::-1]):
            assert (taken(read(way)), len(read(way).refusals)) == (way, 0)


def test_meters_that_stand_one_after_the_other_or_interleaved_go_each_by_their_own_order() -> None:
    one, other = night(serial="66"), night(serial="67", kwh=range(7_000, 7_010))[::-1]
    interleaved = [each for pair in zip(one, other, strict=True) for each in pair]
    for shown in (one + other, interleaved):
        assert taken(read(shown)) == shown


def test_a_register_that_stands_still_is_there_in_both_passes() -> None:
    shown = night(kwh=[100] * NIGHT_HOURS)
    for blocks in (shown, shown * 2, shown[::-1], shown[:6] + shown[4:], shown[5:] + shown[:5]):
        assert set(taken(read(blocks))) == set(shown)
        assert len(read(blocks).refusals) == 0


def test_a_register_that_rolls_over_within_the_hour_goes_by_the_files_order() -> None:
    shown = night(kwh=[99_995, 99_996, 99_997, 99_998, 99_999, 0, 1, 2, 3, 4])
    assert taken(read(shown)) == shown
    assert taken(read(shown[::-1])) == shown[::-1]


def test_a_block_that_corrects_another_goes_by_its_own_order() -> None:
    first, corrected = night(), night(kwh=[100, 101, 102, 103, 114, 125, 136, 137, 138, 139])
    assert taken(read(first + corrected)) == first + corrected


def test_where_only_one_of_the_two_hours_is_there_nobody_can_know_which() -> None:
    shown = night()
    lines = [line(one) for one in shown[:4] + shown[5:]]
    file = read_lines(lines)
    assert [(bad.line, bad.code) for bad in file.refusals] == [(6, "ambiguous_time")]
    assert taken(file) == shown[:4] + shown[6:]


def test_a_line_without_a_register_still_counts_for_the_order() -> None:
    lines = [line(one) for one in night()]
    lines[5] = lines[5].rpartition(";")[0] + ";n/a"
    file = read_lines(lines)
    assert [(bad.line, bad.code) for bad in file.refusals] == [(7, "not_a_number")]
    assert taken(file) == night()[:5] + night()[6:]


QUARTERS = [f"66;2024-10-27 02:{minute};{kwh}" for kwh, minute in enumerate(["00", "15", "30", "45"] * 2)]


def test_quarters_of_the_hour_are_told_apart_where_blocks_meet_between_them() -> None:
    expected = [value.at for value in taken(read_lines(QUARTERS))]
    assert [f"{at:%H:%M}" for at in expected] == [f"0{hour}:{m}" for hour in (0, 1) for m in ("00", "15", "30", "45")]
    for cut in range(len(QUARTERS)):
        for lines in (QUARTERS[:cut] + QUARTERS, QUARTERS + QUARTERS[cut:], QUARTERS[cut:] + QUARTERS[:cut]):
            file = read_lines(lines)
            assert [one.at for one in taken(file)] == [expected[one.kwh] for one in taken(file)]
            assert (len(taken(file)), len(file.refusals)) == (len(lines), 0)


def test_a_register_that_falls_within_a_pass_shows_that_the_file_is_sorted_and_its_order_tells_nothing() -> None:
    """Sorted by the clock's face and cut at 02:30: the first pass is 61 all along, the second has begun with 64."""
    lines = [f"66;2024-10-27 {at}" for at in ("01:30;61", "02:00;61", "02:00;64", "02:30;61")]
    file = read_lines(lines)
    assert [(f"{one.at:%d %H:%M}", one.kwh) for one in taken(file)] == [
        ("26 23:30", 61), ("27 00:00", 61), ("27 01:00", 64), ("27 00:30", 61),
    ]  # fmt: skip


def test_quarters_sorted_by_the_clocks_face_and_cut_within_the_hour_are_told_by_the_register() -> None:
    """02:00 is of the second pass: the block was cut there, and 02:30 of the first pass has the same register."""
    lines = [f"66;2024-10-27 {at}" for at in ("02:00;94", "02:30;94", "02:30;98", "03:00;98")]
    file = read_lines(lines)
    assert [(f"{one.at:%H:%M}", one.kwh) for one in taken(file)] == [("00:30", 94), ("01:30", 98), ("02:00", 98)]
    # Nothing but the cut says that, which the file does not show.
    assert [(bad.line, bad.code) for bad in file.refusals] == [(2, "ambiguous_time")]


@st.composite
def exports(draw: st.DrawFn) -> tuple[list[Shown], list[Shown]]:
    """Give a year's registers by the hour, and blocks of them that together hold each, repeated and in any order."""
    year = 8_784
    rises = draw(st.lists(st.integers(0, 3), min_size=24, max_size=24))
    # Where blocks meet between the two, and the register stands still, nothing tells whether there are two.
    rises[2] += 1
    shown = hours("66", "2023-12-31T23:00", list(accumulate(rises[hour % 24] for hour in range(year))))
    # Cuts fall anywhere, and as often among the hours around the clock's changes: from 2024-03-31 and 10-27 00:00 UTC.
    changes = [2_161, 7_201]
    places = st.integers(1, year - 1) | st.builds(lambda at, by: at + by, st.sampled_from(changes), st.integers(-3, 4))
    cuts = sorted(set(draw(st.lists(places, max_size=8))))
    bounds = list(zip([0, *cuts], [*cuts, year], strict=True))
    blocks = [shown[first:end] for first, end in bounds]
    for first, end in draw(st.lists(st.tuples(places, places), max_size=4)):
        blocks.append(shown[min(first, end) : max(first, end)])
    ways = [block[::-1] if draw(st.booleans()) else block for block in draw(st.permutations(blocks))]
    return shown, [one for block in ways for one in block]


@settings(max_examples=25, deadline=None)
@given(exports())
def test_a_year_of_blocks_in_any_order_is_the_year(export: tuple[list[Shown], list[Shown]]) -> None:
    shown, lines = export
    file = read(lines)
    found = taken(file)
    assert [bad.line for bad in file.refusals] == []
    assert set(found) == set(shown)
    assert len({one.at for one in found}) == len(shown)


def counted(shown: Sequence[Shown], counter: int = 40_000) -> list[str]:
    return [f"{line(one)};{counter + hour}" for hour, one in enumerate(shown)]


BY_COUNTER = profile(clock_change="by_counter", counter_column="Drifttid")
WITH_COUNTER = "Mätare;Tid;Energi kWh;Drifttid"


@given(st.permutations(range(NIGHT_HOURS)))
def test_an_hour_counter_tells_the_passes_apart_in_any_order(order: list[int]) -> None:
    lines = counted(night())
    file = read_lines([lines[at] for at in order], BY_COUNTER, WITH_COUNTER)
    assert taken(file) == [night()[at] for at in order]


def test_an_hour_counter_tells_of_a_single_line_which_pass_it_is() -> None:
    lines = counted(night())
    for left_out in (4, 5):
        file = read_lines([text for at, text in enumerate(lines) if at != left_out], BY_COUNTER, WITH_COUNTER)
        assert taken(file) == [one for at, one in enumerate(night()) if at != left_out]


def test_an_hour_counter_that_stood_still_that_night_tells_nothing() -> None:
    stood = [f"{line(one)};{40_000 + min(hour, 3)}" for hour, one in enumerate(night())]
    without = [f"{line(one)};" for one in night()]
    for lines in (stood, without):
        file = read_lines(lines, BY_COUNTER, WITH_COUNTER)
        assert [(bad.line, bad.code) for bad in file.refusals] == [(6, "ambiguous_time"), (7, "ambiguous_time")]


def face(one: Shown) -> tuple[str, int]:
    """Give the day and the hour that the wall's clock shows."""
    day, clock = line(one).split(";")[1].split()
    return day, int(clock[:2])


def test_hours_numbered_from_1_to_24_are_looked_up_where_they_begin() -> None:
    """Programs that number hours write the beginning's hour plus one, so that autumn's 3 stands twice, and 24 ends."""
    for first in (SPRING, AUTUMN):
        shown = night(first)
        # Each register stood so at the end of the hour before it.
        lines = [
            f"66;{day};{hour + 1};{one.kwh}" for one, (day, hour) in zip(shown[1:], map(face, shown), strict=False)
        ]
        assert {"24", "2", "1"} <= {text.split(";")[2] for text in lines}
        by = profile(clock_column="Timme", format="%Y-%m-%d %H", stamped="end", day_ends_at_24=True)
        file = read_lines(lines, by, "Mätare;Tid;Timme;Energi kWh")
        assert (taken(file), len(file.refusals)) == (shown[1:], 0)


def test_a_time_that_names_the_beginning_of_its_hour_is_of_a_register_an_hour_later() -> None:
    shown = night()
    lines = [line(before).rpartition(";")[0] + f";{one.kwh}" for before, one in pairwise(shown)]
    assert taken(read_lines(lines, profile(stamped="begin"))) == shown[1:]


def test_24_00_is_the_end_of_its_day_where_the_profile_says_so_and_else_no_time() -> None:
    lines = ["66;2024-12-31 24:00;7", "66;2024-12-31 24:01;8", "66;2024-12-31 25:00;9"]
    file = read_lines(lines, profile(day_ends_at_24=True))
    assert [f"{one.at:%Y-%m-%dT%H:%M}" for one in taken(file)] == ["2024-12-31T23:00"]
    assert [(bad.line, bad.code) for bad in file.refusals] == [(3, "not_a_time"), (4, "not_a_time")]
    assert len(read_lines(lines).refusals) == 3


def test_a_single_line_is_certain_where_the_register_stood_as_before_or_as_after() -> None:
    as_before = night(kwh=[100, 101, 102, 103, 103, 105, 106, 107, 108, 109])
    as_after = night(kwh=[100, 101, 102, 103, 104, 106, 106, 107, 108, 109])
    for shown, left_out in ((as_before, 5), (as_after, 4)):
        file = read(shown[:left_out] + shown[left_out + 1 :])
        assert (taken(file), len(file.refusals)) == (shown[:left_out] + shown[left_out + 1 :], 0)


def test_the_shipped_example_reads_an_export_as_it_is_written() -> None:
    header = "Mätare;Tid;Energi (kWh);Volym (m3);Framledning (C);Retur (C)"
    lines = [f"66;2024-10-27 {at};12 {345 + number},678;201,5;71,2;" for number, at in enumerate(["02:00", "02:00"])]
    file = readings_file("\r\n".join([header, *lines]).encode("cp1252"), profile_named("nordic-local"))
    assert [(row["read_at"].hour, row["energy_wh"], row["volume_l"]) for row in file.readings.to_pylist()] == [
        (0, 12_345_678, 201_500),
        (1, 12_346_678, 201_500),
    ]
    assert file.readings.column("supply_c").to_pylist() == [pytest.approx(71.2), pytest.approx(71.2)]


def test_times_between_the_hours_name_none() -> None:
    begin = profile(stamped="begin")
    quarters = [f"66;2024-01-01 {hour:02}:{minute:02};{hour}" for hour in range(4) for minute in (0, 15, 30, 45)]
    with pytest.raises(UnreadableFileError, match="12 of 16 times lie between full hours"):
        read_lines(quarters, begin)
    assert len(read_lines(quarters, profile()).readings) == 16
    of_hours = [f"66;2024-01-01 {hour:02}:00;{hour}" for hour in range(8)]
    file = read_lines([*of_hours, "66;2024-01-01 08:07;8"], begin)
    assert [(bad.line, bad.code) for bad in file.refusals] == [(10, "not_on_the_hour")]
    assert [one.at.hour for one in taken(file)] == list(range(8))


def test_a_date_that_begins_its_day_is_the_midnight_behind_it_on_days_of_any_length() -> None:
    by = profile(stamped="begin", format="%Y-%m-%d")
    file = read_lines(["66;2024-03-30;1", "66;2024-03-31;2", "66;2024-10-26;3", "66;2024-10-27;4"], by)
    assert [f"{one.at:%m-%d %H}" for one in taken(file)] == ["03-30 23", "03-31 22", "10-26 22", "10-27 23"]


MARKED = night(kwh=[100] * 3 + [103] * 3 + list(range(104, 108)))


def in_summer(one: Shown) -> bool:
    return one.at < datetime(2024, 10, 27, 1, tzinfo=UTC)


@pytest.mark.parametrize("form", ["{} {}:{}{}", "{} {}:{} {}", "{0} {1}{3}:{2}"])
@pytest.mark.parametrize("marks", [("A", "B"), ("CEST", "CET"), ("CE", "CET")])
def test_marks_at_the_times_tell_the_passes_in_any_order(marks: tuple[str, str], form: str) -> None:
    def marked(one: Shown) -> str:
        serial, at, kwh = line(one).split(";")
        day, clock = at.split(" ")
        # Some programs mark the repeated hour alone.
        mark = marks[0 if in_summer(one) else 1] if clock.startswith("02") or "CET" in marks else ""
        return f"{serial};{form.format(day, *clock.split(':'), mark).strip()};{kwh}"

    shown = MARKED[::2] + MARKED[1::2][::-1]
    file = read_lines(map(marked, shown), profile(clock_change="by_mark", marks=marks))
    assert (taken(file), len(file.refusals), file.told_apart) == (shown, 0, 2)


def test_a_column_of_marks_tells_the_passes_and_another_mark_nothing() -> None:
    by = profile(clock_change="by_mark", marks=["1", "0"], mark_column="Sommartid")
    header = "Mätare;Tid;Energi kWh;Sommartid"
    shown = sorted(MARKED, key=line)
    file = read_lines([f"{line(one)};{int(in_summer(one))}" for one in shown], by, header)
    assert (taken(file), len(file.refusals)) == (shown, 0)
    file = read_lines([f"{line(one)};ja" for one in MARKED], by, header)
    assert [bad.code for bad in file.refusals] == ["ambiguous_time"] * 2


def test_a_mark_is_of_the_hour_that_its_time_names() -> None:
    # 3A and 3B are the third hour of the day, of which there are two.
    by = profile(clock_change="by_mark", marks=["A", "B"], stamped="end")
    file = read_lines(["66;2024-10-27 03:00B;2", "66;2024-10-27 03:00A;1", "66;2024-10-27 04:00;3"], by)
    assert [(one.at.hour, one.kwh) for one in taken(file)] == [(2, 2), (1, 1), (3, 3)]
