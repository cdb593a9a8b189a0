"""What a dry run says of a file: what it holds, and what is odd about which meter."""

from datetime import UTC, datetime
from pathlib import Path

from services.cli.foreseen import foreseen, refuse_hours, refuse_readings
from services.ingest.sending.report import ImportReport
from services.ingest.sources.outlook import outlook
from services.ingest.sources.shipped import profile_named
from services.ingest.sources.temperatures_file import temperatures_file
from tests.unit.ingest.sources.local_export import hours, line, read_lines


def test_a_dry_run_counts_repeats_gaps_falls_and_hours_told_apart() -> None:
    good = hours("66", "2024-10-26T20:00", range(100, 110))
    odd = hours("67", "2024-10-26T20:00", [5, 6, 7, 3, 4, 5, 6, 7, 8, 9])
    lines = [line(one) for one in (*good, *good[:3], *odd[:2], *odd[3:6], *odd[8:])] + [line(odd[1]) + "1"]
    assert [(one.number, one.words) for one in foreseen(read_lines(lines))] == [
        (21, "readings would be sent"),
        (2, "metering points or meters, from 2024-10-26 20:00 to 2024-10-27 05:00 UTC"),
        (4, "lines of the hour that autumn's clock shows twice, told apart"),
        (3, "lines that equal another; they count once"),
        (
            1,
            "lines that give another's time other values; which counts is a toss unless each says when recorded",
        ),
        (2, "gaps between readings, the longest of 3 h; they are estimated"),
        (1, "times that an energy register falls: put both meters of an exchange, the modulus of one that rolls over"),
        (2, "of them rise by 1.000 kW of (66) to 1.000 kW of (67), in a mean of each; is the unit right?"),
        (8, "of (67), 2024-10-26 20:00 to 2024-10-27 05:00 UTC: 1 falls, 2 gaps, the longest of 3 h, 1 contradictions"),
    ]


def test_a_file_in_order_has_nothing_odd() -> None:
    shown = hours("66", "2024-06-01T00:00", range(24))
    (series,) = outlook(read_lines(map(line, shown)).readings)
    assert (series.readings, series.repeats, series.contradictions, series.gaps, series.falls) == (24, 0, 0, 0, 0)


def test_meters_are_looked_at_each_for_itself_in_any_order_of_lines() -> None:
    one, other = hours("66", "2024-06-01T00:00", range(24)), hours("67", "2024-06-01T00:00", range(500, 524))
    mixed = [each for pair in zip(one, reversed(other), strict=True) for each in pair]
    found = outlook(read_lines(map(line, mixed)).readings)
    assert [(series.name, series.readings, series.falls, series.gaps) for series in found] == [
        ("(66)", 24, 0, 0),
        ("(67)", 24, 0, 0),
    ]


def test_a_meter_that_is_read_under_a_wrong_unit_shows_by_what_it_comes_to() -> None:
    kwh, mwh = hours("66", "2024-01-01T00:00", range(3_000, 3_048, 2)), hours("67", "2024-01-01T00:00", [3] * 12 + [4])
    told = [one.words for one in foreseen(read_lines(map(line, [*kwh, *mwh])))]
    assert "of them rise by 0.083 kW of (67) to 2.000 kW of (66), in a mean of each; is the unit right?" in told
    alone = [one.words for one in foreseen(read_lines(map(line, kwh)))]
    assert "of them rise by 2.000 kW of (66), in a mean of each; is the unit right?" in alone
    assert not any("is the unit right?" in one.words for one in foreseen(read_lines(map(line, kwh[:1]))))


NOW = datetime(2024, 10, 26, 23, 0, tzinfo=UTC)


def refused(report: ImportReport) -> list[tuple[int, str, str]]:
    return [(bad.line, bad.field, bad.code) for bad in report.refused]


def test_a_dry_run_refuses_what_the_door_would() -> None:
    """Five minutes ahead of the clock are let in; a name has 40 characters at most, and no meter counts to 10^16 Wh."""
    lines = [line(one) for one in hours("66", "2024-10-26T22:00", range(100, 103))]
    lines += [f"{'6' * 41};2024-10-26 20:00;1", "67;2024-10-26 20:00;10000000000000"]
    found = read_lines(lines)
    report = ImportReport(Path("x.csv"), found.lines)
    refuse_readings(report, found, NOW)
    assert refused(report) == [
        (4, "read_at", "time_in_future"),
        (5, "serial", "invalid"),
        (6, "energy_wh", "out_of_range"),
    ]
    assert report.refused_counts == {"time_in_future": 1, "invalid": 1, "out_of_range": 1}


def test_a_dry_run_refuses_hours_of_temperature_that_have_not_begun() -> None:
    lines = [f"2024-10-26T{hour}:00:00Z,7" for hour in (22, 23)] + ["2024-10-27T00:00:00Z,8"]
    found = temperatures_file("\n".join(lines).encode(), profile_named("dmi-hourly"))
    report = ImportReport(Path("x.csv"), 3)
    assert refuse_hours(report, found, NOW) == 2
    assert refused(report) == [(3, "starts_at", "time_in_future")]
