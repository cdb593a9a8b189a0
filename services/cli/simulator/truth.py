"""The truth about a town: every flaw with what was said and what was true, and what was really used."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from services.cli.simulator.calendar import iso
from services.cli.simulator.flaws import Flaw
from services.cli.simulator.metering import Meter
from services.cli.simulator.mishaps import KINDS, NONE
from services.cli.simulator.readings import RETURN_C, SUPPLY_C, Rows
from services.cli.simulator.registers import FORWARD, LITRES, RETURN, WH
from services.cli.simulator.town import Town
from services.heat.arrays import UNKNOWN, Int64
from services.heat.hour_marks import HOUR_S

Line = dict[str, Any]
REGISTER_NAMES = {WH: "energy_wh", LITRES: "volume_l", FORWARD: "forward_lc", RETURN: "return_lc"}
SENSOR_NAMES = {SUPPLY_C: "supply_c", RETURN_C: "return_c"}


def flaws(town: Town) -> Iterator[Line]:
    """Give a line for each flaw: its kind, where and when, the readings it made and those it stands for.

    Taking the readings in "said" out of what was delivered and putting those in "true" in, for every line that
    has lists there, gives what the meters would have said; the other kinds say what their registers hide.
    """
    for meter in town.meters:
        yield from _meter_flaws(town, meter)
    yield from _exchanges(town)
    yield from _reading_flaws(town)


def counts(town: Town) -> dict[Flaw, int]:
    """Count the lines that each kind of flaw has in the truth."""
    befallen = np.bincount(town.delivered.events.flaw, minlength=len(KINDS)).tolist()
    return {
        **dict(zip(KINDS, befallen, strict=True)),
        Flaw.RESOLUTION: sum(meter.resolution_wh > 1 for meter in town.meters),
        Flaw.ROLLOVER: sum(meter.rolls_over for meter in town.meters),
        Flaw.EXCHANGE: len(town.meters) - len(town.points),
    }


def _meter_flaws(town: Town, meter: Meter) -> Iterator[Line]:
    removed_s = meter.removed_s or town.to_s
    from_s, to_s = max(meter.installed_s, town.from_s), removed_s
    if meter.resolution_wh > 1:
        said, true = {"resolution_wh": meter.resolution_wh}, {"resolution_wh": 1}
        yield _line(town, Flaw.RESOLUTION, meter, (from_s, to_s), said, true)
    if meter.rolls_over:
        marks = town.registers.marks[meter.point, :, WH]
        first = int(np.searchsorted(marks, meter.modulus_wh))
        at_s = town.registers.begin_s + first * HOUR_S
        said_wh = int(meter.shown_wh(marks[first : first + 1])[0])
        said, true = {"modulus_wh": meter.modulus_wh, "energy_wh": said_wh}, {"energy_wh": int(marks[first])}
        yield _line(town, Flaw.ROLLOVER, meter, (at_s - HOUR_S, at_s), said, true)


def _exchanges(town: Town) -> Iterator[Line]:
    for old, new in zip(town.meters[:-1], town.meters[1:], strict=True):
        if old.point != new.point or old.stop is None or new.start is None:
            continue
        at = town.registers.at(np.array([new.point]), np.array([new.installed_s]))[0].tolist()
        said = {
            "removed": old.serial, "stop_wh": old.stop[0], "stop_l": old.stop[1],
            "installed": new.serial, "start_wh": new.start[0], "start_l": new.start[1],
        }  # fmt: skip
        true = {name: at[column] for column, name in REGISTER_NAMES.items()}
        yield _line(town, Flaw.EXCHANGE, new, (new.installed_s, new.installed_s), said, true)


def _reading_flaws(town: Town) -> Iterator[Line]:
    delivered = town.delivered
    said_by_event = _by_event(delivered.event)
    true_by_event = _by_event(delivered.events.true_event)
    for event, flaw in enumerate(delivered.events.flaw.tolist()):
        said = _rows(town, delivered.rows, said_by_event.get(event, []))
        true = _rows(town, delivered.events.true, true_by_event.get(event, []))
        instants = sorted(reading["read_at"] for reading in (*said, *true))
        one = said[0] if said else true[0]
        yield {
            "kind": KINDS[flaw].value,
            "metering_point": one["metering_point"],
            "serial": one["serial"],
            "from": instants[0],
            "to": instants[-1],
            "said": said,
            "true": true,
        }


def _by_event(event: Int64) -> dict[int, list[int]]:
    which = np.flatnonzero(event != NONE)
    result: dict[int, list[int]] = {}
    for row, one in zip(which.tolist(), event[which].tolist(), strict=True):
        result.setdefault(one, []).append(row)
    return result


def _rows(town: Town, rows: Rows, which: list[int]) -> list[Line]:
    return [_reading(town, rows, row) for row in which]


def _reading(town: Town, rows: Rows, row: int) -> Line:
    registers = rows.registers[row].tolist()
    recorded_at_s = int(rows.recorded_at_s[row])
    return {
        "metering_point": town.points[int(rows.point[row])].number,
        "serial": town.meters[int(rows.meter[row])].serial,
        "read_at": iso(int(rows.read_at_s[row])),
        "sent_at": iso(int(rows.sent_at_s[row])),
        "recorded_at": None if recorded_at_s == UNKNOWN else iso(recorded_at_s),
        **{name: _known(registers[column]) for column, name in REGISTER_NAMES.items()},
        **{name: _shown(float(rows.samples[row, column])) for column, name in SENSOR_NAMES.items()},
        "withdrawn": bool(rows.is_withdrawn[row]),
    }


def _known(register: int) -> int | None:
    return None if register == UNKNOWN else register


def _shown(celsius: float) -> float | None:
    return None if math.isnan(celsius) else celsius


def _line(town: Town, flaw: Flaw, meter: Meter, span_s: tuple[int, int], said: Line, true: Line) -> Line:
    return {
        "kind": flaw.value,
        "metering_point": town.points[meter.point].number,
        "serial": meter.serial,
        "from": iso(span_s[0]),
        "to": iso(span_s[1]),
        "said": said,
        "true": true,
    }


def hours(town: Town) -> pa.Table:
    """Give what was truly used in each hour at each metering point: Wh and litres."""
    used = town.true_hours
    points, count = used.shape[:2]
    starts_s = np.tile(town.from_s + HOUR_S * np.arange(count), points)
    names = pa.array([point.number for point in town.points])
    number = pa.DictionaryArray.from_arrays(pa.array(np.repeat(np.arange(points), count), pa.int32()), names)
    return pa.table(
        {
            "metering_point": number,
            "starts_at": pa.array(starts_s * 1_000_000).cast(pa.timestamp("us", "UTC")),
            "energy_wh": used[:, :, WH].ravel(),
            "volume_l": used[:, :, LITRES].ravel(),
        }
    )


def totals(town: Town) -> list[Line]:
    """Give for each metering point what it is and what it used in the period, temperatures weighted by flow."""
    used = town.true_hours
    begin = town.registers.at(np.arange(len(town.points)), np.full(len(town.points), town.from_s))
    return [
        {
            "metering_point": point.number,
            "medium": point.medium.value,
            "category": point.building.category.value,
            "activity": point.building.activity.value,
            "area_m2": point.building.area_m2,
            "cools_poorly": point.building.cools_poorly,
            "start_wh": int(begin[index, WH]),
            "start_l": int(begin[index, LITRES]),
            "energy_wh": int(used[index, :, WH].sum()),
            "volume_l": int(used[index, :, LITRES].sum()),
            "highest_hour_wh": int(used[index, :, WH].max()),
            "supply_c": _weighted(used[index], FORWARD),
            "return_c": _weighted(used[index], RETURN),
        }
        for index, point in enumerate(town.points)
    ]


def _weighted(used: Int64, register: int) -> float:
    return round(float(used[:, register].sum() / max(used[:, LITRES].sum(), 1)), 2)
