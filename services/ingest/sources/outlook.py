"""What a file of readings holds, series by series, before anybody judges it: repeats, gaps, falls."""

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.readings import METER_READINGS
from services.heat.arrays import UNKNOWN, Int64, run_starts

_VALUES = [field.name for field in METER_READINGS if field.name not in ("serial", "metering_point", "read_at")]
_NOT_REGULAR = 3 / 2
"""A step of over so many usual ones is a gap."""


class SeriesOutlook(NamedTuple):
    """What a file says of one meter. first_us, last_us: microseconds since 1970; longest_gap_s: 0 without a gap.

    repeats: lines that another equals. contradictions: lines that give an instant of another line other values.
    falls: how often the energy register is lower than at the instant before. mean_w: by how much it rises else, in a
    mean over the time between; None where there is none.
    """

    name: str
    readings: int
    first_us: int
    last_us: int
    repeats: int
    contradictions: int
    gaps: int
    longest_gap_s: int
    falls: int
    mean_w: float | None


def outlook(readings: pa.Table) -> list[SeriesOutlook]:
    """Look at readings (METER_READINGS), each meter or metering point for itself, in the order of their names."""
    names = [
        "".join(part for part in (point, serial and f" ({serial})") if part).strip()
        for point, serial in _pairs(readings)
    ]
    series = _series(readings)
    at_us = pc.cast(readings.column("read_at"), pa.int64()).to_numpy()
    energy_wh = pc.fill_null(readings.column("energy_wh"), 0).to_numpy()
    order = np.lexsort((energy_wh, at_us, series))
    is_same = np.ones(max(len(order) - 1, 0), np.bool_)
    for name in _VALUES:
        values = _comparable(readings.column(name))[order]
        is_same &= values[1:] == values[:-1]
    bounds = np.append(run_starts(series[order]), len(order)).tolist()
    found = [
        _of_series(names[series[order[first]]], order[first:end], at_us, energy_wh, is_same[first : end - 1])
        for first, end in pairwise(bounds)
    ]
    return sorted(found)


def _pairs(readings: pa.Table) -> list[tuple[str | None, str | None]]:
    pairs = readings.select(["metering_point", "serial"]).group_by(["metering_point", "serial"], use_threads=False)
    rows = pairs.aggregate([]).to_pylist()
    return [(row["metering_point"], row["serial"]) for row in rows]


def _series(readings: pa.Table) -> Int64:
    """Number the meters in the order in which they first stand in the file, as `_pairs` names them."""
    columns = [
        readings.column(name).combine_chunks().dictionary_encode("encode") for name in ("metering_point", "serial")
    ]
    point, serial = (column.indices.to_numpy().astype(np.int64) for column in columns)
    both, first, numbers = np.unique(
        point * (int(serial.max(initial=0)) + 1) + serial, return_index=True, return_inverse=True
    )
    rank = np.empty(len(both), np.int64)
    rank[np.argsort(first)] = np.arange(len(both))
    return rank[numbers]


def _comparable(column: Any) -> Any:
    """Give values of which those not given equal each other."""
    if pa.types.is_floating(column.type):
        return pc.fill_null(column, -1e300).to_numpy()
    if pa.types.is_boolean(column.type):
        return column.combine_chunks().to_numpy(zero_copy_only=False)
    return pc.fill_null(pc.cast(column, pa.int64()), UNKNOWN).to_numpy()


def _of_series(name: str, rows: Int64, at_us: Int64, energy_wh: Int64, is_same: Any) -> SeriesOutlook:
    times = at_us[rows]
    is_new = np.diff(times) > 0
    steps_s = np.diff(times)[is_new] // 1_000_000
    rises_wh = np.diff(energy_wh[rows])[is_new]
    seconds = int(steps_s[rises_wh >= 0].sum())
    gaps_s = steps_s[steps_s > _NOT_REGULAR * np.median(steps_s)] if len(steps_s) else steps_s
    return SeriesOutlook(
        name,
        len(rows),
        int(times[0]),
        int(times[-1]),
        int((~is_new & is_same).sum()),
        int((~is_new & ~is_same).sum()),
        len(gaps_s),
        int(gaps_s.max(initial=0)),
        int((rises_wh < 0).sum()),
        int(rises_wh[rises_wh >= 0].sum()) * 3_600 / seconds if seconds else None,
    )


class FileOutlook(NamedTuple):
    """The sums over a file's series; longest_gap_s is the longest of all, mean_w the least and the most of any."""

    meters: int
    readings: int
    first_us: int
    last_us: int
    repeats: int
    contradictions: int
    gaps: int
    longest_gap_s: int
    falls: int
    mean_w: tuple[float, float] | None


def of_file(series: list[SeriesOutlook]) -> FileOutlook | None:
    """Sum up; None where there is no reading."""
    if not series:
        return None
    means_w = [one.mean_w for one in series if one.mean_w is not None]
    return FileOutlook(
        len(series),
        sum(one.readings for one in series),
        min(one.first_us for one in series),
        max(one.last_us for one in series),
        sum(one.repeats for one in series),
        sum(one.contradictions for one in series),
        sum(one.gaps for one in series),
        max(one.longest_gap_s for one in series),
        sum(one.falls for one in series),
        (min(means_w), max(means_w)) if means_w else None,
    )
