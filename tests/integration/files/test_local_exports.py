"""Months in local time as programs export them, on a real stack: no hour is missing, and none is there twice."""

import random
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.integration.kulvert_command import Kulvert

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FIRST = datetime(2024, 10, 24, 22, tzinfo=UTC)
HOURS = 5 * 24 + 1
"""Five local days around the night of 27 October."""
BETWEEN = 51
"""The second of the two hours that the clock calls 02: blocks meet there."""
PROFILE = """
kind = "readings"
delimiter = ";"
[time]
column = "Tid"
format = "%Y-%m-%d %H:%M"
zone = "Europe/Stockholm"
{clock_change}
[metering_point]
column = "Anl"
[[values]]
column = "Energi"
field = "energy_wh"
unit = "kWh"
"""
BY_ORDER = 'clock_change = "by_order"'
BY_COUNTER = 'clock_change = "by_counter"\ncounter_column = "Drifttid"'


def export(point: str) -> list[str]:
    """Give the lines of a register that rises by two and three kWh in turn, with the meter's count of hours."""
    read_at = (FIRST + timedelta(hours=hour) for hour in range(HOURS))
    return [
        f"{point};{at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M};{10_000 + 5 * (hour // 2) + 2 * (hour % 2)};{40_000 + hour}"
        for hour, at in enumerate(read_at)
    ]


def by_value(lines: Sequence[str]) -> list[str]:
    return sorted(lines, key=lambda line: int(line.split(";")[2]))


def shuffled(lines: Sequence[str]) -> list[str]:
    return random.Random(1).sample(list(lines), len(lines))  # noqa: S311 - the same order each time.


@pytest.mark.parametrize(
    ("clock_change", "order"),
    [
        (BY_ORDER, list),
        (BY_ORDER, lambda lines: list(reversed(lines))),
        (BY_ORDER, by_value),
        (BY_ORDER, lambda lines: by_value(lines)[::-1]),
        (BY_ORDER, sorted),
        (BY_COUNTER, list),
        (BY_COUNTER, shuffled),
    ],
    ids=["rising", "falling", "by-value", "by-falling-value", "by-the-clocks-face", "counter", "counter-shuffled"],
)
def test_blocks_that_meet_within_the_repeated_hour_and_come_twice_are_each_hour_once(
    kulvert: Kulvert,
    worker: None,
    point: str,
    tmp_path: Path,
    clock_change: str,
    order: Callable[[Sequence[str]], list[str]],
) -> None:
    lines = export(point)
    profile = tmp_path / "local.toml"
    profile.write_text(PROFILE.format(clock_change=clock_change))
    blocks = [lines[:BETWEEN], lines[BETWEEN:], lines[:BETWEEN] + lines[BETWEEN - 20 :], lines[BETWEEN:]]
    files = []
    for number, block in enumerate(blocks):
        files.append(tmp_path / f"{number}.csv")
        files[-1].write_text("\n".join(["Anl;Tid;Energi;Drifttid", *order(block), ""]))
    assert "refused" not in kulvert.does("import", "readings", *files, "--profile", profile)

    told = [(row["starts_at"], int(row["energy_wh"]), row["quality"]) for row in kulvert.rows("hours", point)]
    assert len(told) == HOURS - 1
    for hour, (starts_at, energy_wh, quality) in enumerate(told):
        assert datetime.fromisoformat(starts_at) == FIRST + timedelta(hours=hour)
        assert (energy_wh, quality) == (2_000 if hour % 2 == 0 else 3_000, "measured")


def test_a_dry_run_refuses_the_lines_that_the_import_then_refuses(
    kulvert: Kulvert, worker: None, point: str, tmp_path: Path
) -> None:
    profile = tmp_path / "local.toml"
    profile.write_text(PROFILE.format(clock_change=BY_ORDER))
    ahead = f"{datetime.now(STOCKHOLM) + timedelta(days=2):%Y-%m-%d} 12:00"
    bad = [
        f"{point};{ahead};1;",
        f"{point};aldrig;1;",
        "1,2E+07;2024-01-01 00:00;1;",
        f"{'9' * 41};2024-01-01 00:00;1;",
    ]
    bad += [f"{point};2024-03-31 02:30;1;", f"{point};2024-01-01 01:00;#N/A;", "Summa;;1"]
    file = tmp_path / "bad.csv"
    file.write_text("\n".join(["Anl;Tid;Energi;Drifttid", f"{point};2024-01-01 00:00;1;", *bad, ""]))
    told = [kulvert.does("import", "readings", file, "--profile", profile, *dry) for dry in (["--dry-run"], [])]
    by_line = [sorted(re.findall(r"^  (line \d+.*?: \w+):", one, re.MULTILINE)) for one in told]
    assert len(by_line[0]) == len(bad)
    assert by_line[0] == by_line[1]
