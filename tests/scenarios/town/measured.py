"""A town's figures held against its truth: energy where nothing is wrong, flags on good hours, sums."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from services.cli.simulator.flaws import Flaw
from services.cli.simulator.town import SWEDEN, Town
from services.heat.arrays import UNKNOWN, Bool
from services.heat.hour_marks import HOUR_S
from services.ingest.core.vee.rules import Rule
from tests.scenarios.town.expected import Expected, second
from tests.scenarios.town.figures import MEASURED, Figures

SHOWN = 5


class Compared(NamedTuple):
    """How many figures were held against the truth, and those that it contradicts, in words."""

    figures: int
    wrong: list[str]


def good_hours(truth: Expected, found: Figures) -> Bool:
    """Tell which hours no flaw touches, of meters that are read every hour: (p, h)."""
    return ~truth.is_odd & ~truth.is_daily[:, None] & (found.quality == MEASURED)


def hours_off_the_truth(town: Town, truth: Expected, found: Figures) -> Compared:
    """Find hours that no flaw touches and that lack, are not measured, or have another energy than the true one."""
    is_off = truth.is_off[:, :-1] | truth.is_off[:, 1:]
    compared = ~is_off & ~truth.is_daily[:, None]
    true_wh = np.diff(truth.marks_wh, axis=1)
    differs = np.abs(found.energy_wh - true_wh) > truth.tolerance_wh[:, None]
    wrong = compared & (differs | (found.quality != MEASURED))
    words = [
        f"{town.points[point].number} {_at(town, hour)}: {found.energy_wh[point, hour]} Wh of quality"
        f" {found.quality[point, hour]}, truly {true_wh[point, hour]:.0f} Wh"
        for point, hour in zip(*np.nonzero(wrong), strict=True)
    ]
    return Compared(int(compared.sum()), words)


def months_off_the_truth(town: Town, truth: Expected, found: Figures) -> Compared:
    """Find months of a metering point whose days sum to another energy than the true one.

    Where a flaw lies across one of a month's ends, what was used at that end is a guess, and the month is left out.
    """
    exchanged = _exchanges(truth)
    count, words = 0, []
    for first, end in pairwise(_month_ends(town, truth)):
        marks = truth.midnights[[first, end]]
        for index, point in enumerate(town.points):
            if truth.is_off[index, marks].any():
                continue
            count += 1
            true_wh = truth.marks_wh[index, marks[1]] - truth.marks_wh[index, marks[0]]
            stored_wh = int(found.day_wh[index, first:end].sum())
            times = 1 + 2 * sum(
                marks[0] * HOUR_S <= at_s - town.from_s < marks[1] * HOUR_S for at_s in exchanged[index]
            )
            if abs(stored_wh - true_wh) > times * truth.tolerance_wh[index]:
                words.append(f"{point.number} from {_at(town, int(marks[0]))}: {stored_wh} Wh, truly {true_wh:.0f} Wh")
    return Compared(count, words)


def hours_off_the_registers(town: Town, truth: Expected, found: Figures) -> Compared:
    """Find days whose hours do not sum to their energy, or whose energy is not what the register rose by."""
    words = []
    for day, (first, end) in enumerate(pairwise(truth.midnights.tolist())):
        summed_wh = found.energy_wh[:, first:end].sum(axis=1)
        risen_wh = found.day_register_wh[:, day] - found.day_register_wh[:, max(day - 1, 0)]
        is_known = (found.day_register_wh[:, [day, max(day - 1, 0)]] != UNKNOWN).all(axis=1) & (day > 0)
        wrong = (found.day_wh[:, day] != UNKNOWN) & (summed_wh != found.day_wh[:, day])
        wrong |= is_known & (risen_wh != found.day_wh[:, day])
        words += [
            f"{town.points[point].number} {_at(town, first)}: hours {summed_wh[point]} Wh, day"
            f" {found.day_wh[point, day]} Wh, register {risen_wh[point]} Wh"
            for point in np.flatnonzero(wrong).tolist()
        ]
    return Compared(int((found.day_wh != UNKNOWN).sum()), words)


def flagged_good_hours(truth: Expected, found: Figures) -> dict[Rule, int]:
    """Count the good hours that each rule flags."""
    good = good_hours(truth, found)
    return {rule: int((good & flagged).sum()) for rule, flagged in found.flagged.items()}


def energy(truth: Expected, found: Figures) -> tuple[float, float]:
    """Give the whole town's energy as it is stored and as it truly was, where each day of a point is there; in MWh."""
    whole = (found.day_wh != UNKNOWN).all(axis=1)
    true_wh = truth.marks_wh[whole][:, truth.midnights[-1]] - truth.marks_wh[whole][:, truth.midnights[0]]
    return float(found.day_wh[whole].sum()) / 1e6, float(true_wh.sum()) / 1e6


def _exchanges(truth: Expected) -> list[list[int]]:
    result: list[list[int]] = [[] for _ in truth.point_of]
    for line in truth.lines:
        if line["kind"] == Flaw.EXCHANGE:
            result[truth.point_of[line["metering_point"]]].append(second(line["from"]))
    return result


def _month_ends(town: Town, truth: Expected) -> Iterator[int]:
    """Give the first day of each month, by number, and the end of the last whole one."""
    for day, mark in enumerate(truth.midnights.tolist()):
        if datetime.fromtimestamp(town.from_s + mark * HOUR_S, SWEDEN).day == 1:
            yield day


def _at(town: Town, hour: int) -> str:
    return datetime.fromtimestamp(town.from_s + hour * HOUR_S, UTC).isoformat()[:16]
