"""A town's stored figures, laid out by metering point and hour, or day."""

from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.cli.simulator.calendar import midnight_s
from services.cli.simulator.town import SWEDEN, Town
from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import local_day
from services.ingest.core.vee.rules import Rule
from tests.scenarios.town.expected import Expected
from tests.scenarios.town.stored import Tables, rows

MEASURED = 1
"""The quality of an hour as its number is stored."""


class Figures(NamedTuple):
    """p metering points, h hours and d local days; UNKNOWN and 0 where nothing is stored."""

    energy_wh: Int64
    """(p, h)"""
    quality: Int64
    """(p, h)"""
    flagged: dict[Rule, Bool]
    """(p, h) each."""
    day_wh: Int64
    """(p, d)"""
    day_register_wh: Int64
    """(p, d) at the day's end."""
    is_day_measured: Bool
    """(p, d)"""


def figures(town: Town, tables: Tables, truth: Expected) -> Figures:
    """Lay out what is stored of a town."""
    hours = rows(tables, "hours")
    points, count = len(town.points), (town.to_s - town.from_s) // HOUR_S
    energy_wh = _grid(town, truth, hours, "energy_wh", (points, count))
    quality = np.maximum(
        *(_grid(town, truth, hours, name, (points, count)) for name in ("start_quality", "end_quality"))
    )
    flags = rows(tables, "flags")
    flagged = {}
    for rule in Rule:
        of_rule = flags.filter(pc.equal(flags["rule"], int(rule)))
        flagged[rule] = _grid(town, truth, of_rule, "rule", (points, count)) == int(rule)
    days = rows(tables, "days")
    shape = (points, len(truth.midnights) - 1)
    return Figures(
        energy_wh,
        np.where(quality == UNKNOWN, 0, quality),
        flagged,
        _by_day(town, truth, days, "energy_wh", shape),
        _by_day(town, truth, days, "register_wh", shape),
        _by_day(town, truth, days, "is_measured", shape) == 1,
    )


def _grid(town: Town, truth: Expected, stored: pa.Table, name: str, shape: tuple[int, int]) -> Int64:
    hour = (_whole(stored, "starts_s") - town.from_s) // HOUR_S
    return _laid_out(_point(truth, stored), hour, _whole(stored, name), shape)


def _by_day(town: Town, truth: Expected, stored: pa.Table, name: str, shape: tuple[int, int]) -> Int64:
    first = local_day(np.array([midnight_s(town.first_day, SWEDEN)]), SWEDEN)[0]
    return _laid_out(_point(truth, stored), _whole(stored, "day") - first, _whole(stored, name), shape)


def _laid_out(point: Int64, place: Int64, values: Int64, shape: tuple[int, int]) -> Int64:
    result = np.full(shape, UNKNOWN)
    # What a meter is read past its period is no part of it.
    inside = (place >= 0) & (place < shape[1])
    result[point[inside], place[inside]] = values[inside]
    return result


def _point(truth: Expected, stored: pa.Table) -> Int64:
    return np.array([truth.point_of[number] for number in stored["number"].to_pylist()], np.int64)


def _whole(stored: pa.Table, name: str) -> Int64:
    column = stored[name]
    if pa.types.is_boolean(column.type) or pa.types.is_string(column.type):
        return np.array([value in (True, "t") for value in column.to_pylist()], np.int64)
    return column.cast(pa.int64()).fill_null(UNKNOWN).to_numpy()
