"""The orders in which a town's readings come: in whatever it is, the same must be stored in the end."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum

import numpy as np
import pyarrow as pa

from services.cli.simulator.mishaps import NONE
from services.cli.simulator.readings import Rows, joined, table
from services.cli.simulator.registers import WH
from services.cli.simulator.town import Town
from services.heat.arrays import UNKNOWN, Int64
from services.heat.hour_marks import HOUR_S

ROWS_AT_ONCE = 20_000
SMALLEST_PART, LARGEST_PART = 50, 6_000
REPEATED_SHARE = 0.3
CORRECTED_SHARE, WITHDRAWN_SHARE = 0.02, 0.005
WRONG_BY_HOURS = 40
"""A wrong value is off by up to what the point could reach at most in so many hours, in either direction."""
CORRECTED_AFTER_S = 5 * 24 * HOUR_S


class Order(StrEnum):
    """How readings come in. Split: in parts of all sizes. Corrected: and withdrawn."""

    IN_ORDER = "in order"
    SHUFFLED = "shuffled"
    REPEATED = "split, repeated"
    CORRECTED = "corrected"


Wave = Iterator[pa.Table]
"""Deliveries that are sent before anybody waits for what becomes of them."""


def waves(town: Town, order: Order, seed: int) -> Iterator[Wave]:
    """Give all that is sent in an order, by seed."""
    for rows in _ORDERS[order](town, np.random.default_rng(seed)):
        yield (table(one, town.points, town.meters) for one in rows)


Ways = Iterator[Iterator[Rows]]


def _in_order(town: Town, _: np.random.Generator) -> Ways:
    yield _cut(town.delivered.rows)


def _shuffled(town: Town, dice: np.random.Generator) -> Ways:
    yield _cut(town.delivered.rows.take(dice.permutation(town.readings)))


def _split_repeated(town: Town, dice: np.random.Generator) -> Ways:
    ends = np.cumsum(dice.integers(SMALLEST_PART, LARGEST_PART, 2 + 2 * town.readings // LARGEST_PART + 50))
    edges = np.unique(np.append(ends[ends < town.readings], [0, town.readings]))
    parts = len(edges) - 1
    again = np.flatnonzero(dice.random(parts) < REPEATED_SHARE)
    # What is repeated comes at any time behind the first.
    place = np.append(np.arange(parts), again + dice.uniform(0.5, parts, len(again)))
    which = np.append(np.arange(parts), again)[np.argsort(place, kind="stable")]
    yield (town.delivered.rows.take(np.arange(edges[one], edges[one + 1])) for one in which.tolist())


def _corrected(town: Town, dice: np.random.Generator) -> Ways:
    """Let some readings come with a wrong value, and others that never were; all of it is put right in the end."""
    rows = town.delivered.rows
    wrong = _unharmed(town)
    wrong = wrong[dice.random(len(wrong)) < CORRECTED_SHARE]
    maximum_wh = np.array([point.maximum_kw * 1_000 for point in town.points])
    registers = rows.registers.copy()
    registers[wrong, WH] = _off(registers[wrong, WH], maximum_wh[rows.point[wrong]], dice)
    never = dice.choice(town.readings, int(town.readings * WITHDRAWN_SHARE), replace=False)
    bogus = rows.take(never)
    # At odd seconds, where nothing is ever read.
    bogus = bogus._replace(
        read_at_s=bogus.read_at_s + 2 * dice.integers(1, HOUR_S // 2, len(never)) - 1,
        recorded_at_s=np.full(len(never), UNKNOWN),
        registers=_with_wh(bogus.registers, _off(bogus.registers[:, WH], maximum_wh[bogus.point], dice)),
        is_withdrawn=np.zeros(len(never), bool),
    )
    first = joined(rows._replace(registers=registers), bogus)
    yield _cut(first.take(np.argsort(first.sent_at_s, kind="stable")))
    taken_back = bogus._replace(is_withdrawn=np.ones(len(never), bool))
    mended = joined(_recorded_later(rows.take(wrong)), _recorded_later(taken_back))
    yield _cut(mended.take(dice.permutation(len(mended.point))))


_ORDERS: Mapping[Order, Callable[[Town, np.random.Generator], Ways]] = {
    Order.IN_ORDER: _in_order,
    Order.SHUFFLED: _shuffled,
    Order.REPEATED: _split_repeated,
    Order.CORRECTED: _corrected,
}


def _cut(rows: Rows) -> Iterator[Rows]:
    for start in range(0, len(rows.point), ROWS_AT_ONCE):
        yield rows.take(np.arange(start, min(start + ROWS_AT_ONCE, len(rows.point))))


def _unharmed(town: Town) -> Int64:
    """Give the readings that no flaw befell and that no other shares its instant with."""
    rows = town.delivered.rows
    instant = rows.point * 2**34 + rows.read_at_s
    _, place, times = np.unique(instant, return_inverse=True, return_counts=True)
    return np.flatnonzero((town.delivered.event == NONE) & (times[place] == 1))


def _off(energy_wh: Int64, maximum_wh: Int64, dice: np.random.Generator) -> Int64:
    off_wh = maximum_wh * dice.uniform(-WRONG_BY_HOURS, WRONG_BY_HOURS, len(energy_wh))
    # The smallest are plausible, most are not.
    off_wh *= dice.random(len(energy_wh)) ** 3
    return np.maximum(energy_wh + off_wh.astype(np.int64), 0)


def _with_wh(registers: Int64, energy_wh: Int64) -> Int64:
    result = registers.copy()
    result[:, WH] = energy_wh
    return result


def _recorded_later(rows: Rows) -> Rows:
    return rows._replace(recorded_at_s=rows.read_at_s + CORRECTED_AFTER_S)
