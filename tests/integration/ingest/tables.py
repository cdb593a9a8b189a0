"""What ingest stored of a metering point, as the oracle would say it."""

from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

import psycopg

from deploy.local.stack import Stack
from tests.oracle.figures import Day, Hour
from tests.oracle.verdicts import Reading

_READINGS = """
    SELECT extract(epoch FROM read_at)::bigint, content_hash, meter.serial, rank,
           (extract(epoch FROM recorded_at) * 1000000)::bigint, energy_wh, volume_l, forward_lc, return_lc,
           supply_c, return_c, withdrawn, verdict
      FROM ingest.reading LEFT JOIN ingest.meter USING (meter_id)
     WHERE point_id = %s ORDER BY read_at, recorded_at, rank, energy_wh, withdrawn, content_hash
"""
_HOURS = """
    SELECT extract(epoch FROM starts_at)::bigint, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c,
           return_centi_c, start_quality, end_quality
      FROM ingest.hour WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY starts_at
"""
_DAYS = """
    SELECT day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured, volume_l,
           register_wh, register_l, quality, energy_return_wh_centi_c, energy_with_return_wh, forward_lc, forward_l,
           return_lc, return_l
      FROM ingest.day WHERE point_id = %s AND energy_wh IS NOT NULL ORDER BY day
"""
_STATE = """
    SELECT newest_s, accepted_s, accepted_wh, accepted_l, accepted_forward_lc, accepted_return_lc, mark_s, mark_wh,
           mark_l, mark_forward_lc, mark_return_lc, mark_quality, has_open_samples, offset_wh, offset_l
      FROM ingest.point_state WHERE point_id = %s
"""

_FLAGS = "SELECT extract(epoch FROM starts_at)::bigint, rule FROM ingest.flag WHERE point_id = %s ORDER BY 1, 2"

Rows = list[tuple[Any, ...]]


def _with_nothing_first(row: tuple[Any, ...]) -> list[tuple[bool, Any]]:
    return [(value is not None, value) for value in row]


class Tables(NamedTuple):
    """All that is stored of one metering point, less its id and revisions, which tell of the way it came."""

    reading: Rows
    hour: Rows
    day: Rows
    state: Rows
    flag: Rows

    def comparable(self) -> tuple[Rows, ...]:
        """Give what must be equal for equal readings of two metering points: all but the hashes of the content."""
        readings = sorted(((*row[:1], *row[2:]) for row in self.reading), key=_with_nothing_first)
        return readings, self.hour, self.day, self.state, self.flag

    def readings(self) -> list[Reading]:
        """Give the stored readings; a meter by the number that its serial ends with."""
        return [Reading(row[0], row[1], int(row[2]) if row[2] else None, *row[3:12]) for row in self.reading]

    def sent(self) -> Rows:
        """Give of each reading what tells it from others: instants, rank, registers, whether it is a withdrawal."""
        return sorted((row[0], row[4] // 1_000_000, row[3], row[5], row[6] or 0, row[11]) for row in self.reading)

    def verdicts(self) -> dict[tuple[int, int], int]:
        """Give the verdicts by instant and content hash."""
        return {(row[0], row[1]): row[12] for row in self.reading}

    def hours(self) -> dict[int, Hour]:
        """Give the hours that are known."""
        return {row[0]: Hour(*row[1:5], *map(_celsius, row[5:7]), *row[7:9]) for row in self.hour}

    def days(self) -> dict[date, Day]:
        """Give the days that are known."""
        return {row[0]: Day(*row[1:11]) for row in self.day}

    def sums_of_return(self) -> dict[date, tuple[int, int]]:
        """Give each day's sum of energy times return temperature (Wh, hundredths of a degree), and of that energy."""
        return {row[0]: (row[11], row[12]) for row in self.day}

    def weighed(self) -> dict[date, tuple[int, int, int, int]]:
        """Give each day's litres times supply temperature, those litres, and the same of the return."""
        return {row[0]: tuple(row[13:17]) for row in self.day}

    def offset(self) -> tuple[int, int]:
        """Give what the running Wh and litres are ahead of the meter's own at the newest reading."""
        return self.state[0][-2], self.state[0][-1]


def tables(stack: Stack, point_id: int) -> Tables:
    """Look at a metering point's tables as an administrator; a meter is named by what its serial ends with."""
    with psycopg.connect(stack.admin_dsn) as connection:
        reading, *others = (
            connection.execute(query.encode(), [point_id]).fetchall()
            for query in (_READINGS, _HOURS, _DAYS, _STATE, _FLAGS)
        )
    named = [(*row[:2], row[2] and row[2].split("-")[-1], *row[3:]) for row in reading]
    return Tables(named, *others)


def _celsius(centi_c: int | None) -> Fraction | None:
    return None if centi_c is None else Fraction(centi_c, 100)
