"""The run that the others are compared with is itself what a plain calculation from the sent readings says."""

from collections import Counter
from datetime import UTC, datetime

from tests.faults.outcome import Rows
from tests.faults.traffic import STOCKHOLM, Point, real_data, traffic
from tests.oracle.figures import figures
from tests.oracle.verdicts import Place, Reading

COMPARED = (6, 7, 8, 9, 13, 17, 18, 19)
"""Points read at the hour and after it, whose meters roll over and are exchanged, of both lengths."""


def places(point: Point) -> list[Place]:
    return [
        Place(
            index, meter.from_s, meter.until_s, (meter.start_wh, None), (meter.stop_wh, None), (meter.modulus_wh, 0), 1
        )
        for index, meter in enumerate(point.meters)
    ]


def readings(point: Point) -> list[Reading]:
    serials = [meter.serial for meter in point.meters]
    different = {tuple(sorted(row.items())): row for row in point.rows}.values()
    return [
        Reading(
            row["read_at"], number, serials.index(row["serial"]) if "serial" in row else None, 10,
            row["recorded_at"] * 1_000_000, row["energy_wh"], row["volume_l"], None, None,
            row["supply_c"], row["return_c"], row["withdrawn"],
        )
        for number, row in enumerate(different)
    ]  # fmt: skip


def test_an_undisturbed_run_is_what_a_plain_calculation_says(seed: int, calm: dict[str, Rows]) -> None:
    town = traffic("plain", seed, real_data())
    for point in (town.points[index] for index in COMPARED):
        number = point.number.removeprefix("plain")
        expected = figures(readings(point), places(point), point.maximum_kw, STOCKHOLM)
        hours = {row[1]: row[2:4] + row[8:] for row in calm["hour"] if row[0] == number}
        assert hours == {
            datetime.fromtimestamp(at_s, UTC): (hour.energy_wh, hour.volume_l, hour.start_quality, hour.end_quality)
            for at_s, hour in expected.hours.items()
        }
        days = {row[1]: row[2:8] + row[15:] for row in calm["day"] if row[0] == number}
        assert days == {
            day: (
                one.energy_wh, one.maximum_hour_wh, one.hours_expected, one.hours_present, one.hours_measured,
                one.is_measured, one.register_wh, one.register_l, one.quality,
            )
            for day, one in expected.days.items()
        }  # fmt: skip
        verdicts = Counter(row[-1] for row in calm["reading"] if row[0] == number)
        assert verdicts == Counter(expected.verdicts.values())
