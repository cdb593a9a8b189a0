"""The hour that autumn's clock shows twice: which of its two passes a line belongs to."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int8, Int64, run_starts

HOUR_S = 3_600
DAY_S = 86_400
FIRST, SECOND, UNCLEAR = 0, 1, -1


class Series(NamedTuple):
    """What a file's lines say beside their times, each (n,), in the file's order.

    meter: which meter a line is of. register_wh: what it showed. counter_h: its count of operating hours. marked: the
    pass that the line itself says. UNKNOWN where a line does not say.
    """

    meter: Int64
    register_wh: Int64
    counter_h: Int64
    marked: Int64

    @staticmethod
    def of_times_alone(meter: Int64) -> "Series":
        """Give the series of lines of which only the meter is known."""
        unknown = np.full(len(meter), UNKNOWN, np.int64)
        return Series(meter, unknown, unknown, unknown)


class _Run(NamedTuple):
    """Neighbouring lines of one meter in a repeated hour, and the lines around them, or None."""

    rows: Int64
    before: int | None
    after: int | None

    def times_around(self, local_s: Int64) -> list[int | None]:
        """Give what the clock showed before and after it."""
        return [None if row is None else int(local_s[row]) for row in (self.before, self.after)]


def passes_by_order(local_s: Int64, series: Series, repeated: Bool) -> Int8:
    """Tell the passes apart by the file's order and, where blocks meet within the hour, by the register.

    local_s: (n,) what the clock showed. repeated: (n,) whether it showed that twice. Gives FIRST, SECOND or UNCLEAR
    for each line; FIRST where nothing is repeated.

    A file may hold a meter's blocks more than once, in any order, rising or falling. Within one block the one line that
    does not go on in its direction begins the other pass. Where that does not tell, a register does, which never falls:
    of two values under one time the lower is the first pass's. Where there is one line alone, and the file goes on on
    both sides of it, nobody can know, unless the register stood still.
    """
    passes = _unclear(repeated)
    register_wh = series.register_wh
    runs: dict[tuple[int, int], list[_Run]] = {}
    for run in _runs(series.meter, local_s, repeated):
        night = (int(series.meter[run.rows[0]]), int(local_s[run.rows[0]]) // DAY_S)
        runs.setdefault(night, []).append(run)
    for of_night in runs.values():
        for run in of_night:
            _by_step_back(run, local_s, register_wh, passes)
        _by_register(of_night, local_s, register_wh, passes)
        for run in of_night:
            _by_neighbour(run, local_s, passes)
    standing = _OneValue(local_s, series, repeated)
    for of_night in runs.values():
        standing.settle(np.concatenate([run.rows for run in of_night]), passes)
    return passes


def _unclear(repeated: Bool) -> Int8:
    passes = np.full(len(repeated), FIRST, np.int8)
    passes[repeated] = UNCLEAR
    return passes


def _runs(meter: Int64, local_s: Int64, repeated: Bool) -> Iterator[_Run]:
    order = np.argsort(meter, kind="stable")
    places = np.flatnonzero(repeated[order])
    rows = order[places]
    # A run ends where the meter or the day changes, too; its lines are those that follow each other.
    night = meter[rows] * 100_000 + local_s[rows] // DAY_S
    is_first = np.diff(places, prepend=-2) > 1
    is_first[run_starts(night)] = True
    firsts = np.flatnonzero(is_first)
    lasts = np.append(firsts[1:], len(places)) - 1
    for start, end in zip(places[firsts].tolist(), (places[lasts] + 1).tolist(), strict=True):
        of_meter = meter[order[start]]
        has_before = start > 0 and meter[order[start - 1]] == of_meter
        has_after = end < len(order) and meter[order[end]] == of_meter
        yield _Run(
            order[start:end],
            int(order[start - 1]) if has_before else None,
            int(order[end]) if has_after else None,
        )


def _by_step_back(run: _Run, local_s: Int64, register_wh: Int64, passes: Int8) -> None:
    """Part a run where its times step back once, against the direction that the block has."""
    sign = _direction(run, local_s, register_wh[run.rows])
    times = local_s[run.rows]
    steps = np.flatnonzero(sign * np.diff(times) <= 0) + 1
    if len(steps) != 1 or _is_sorted(times):
        return
    earlier, later = (run.rows[: steps[0]], run.rows[steps[0] :])[::sign]
    # A file that is sorted steps back as well, and the register then falls within a part or between the two.
    in_time = register_wh[np.concatenate([part[::sign] for part in (earlier, later)])]
    never_falls = (np.diff(in_time[in_time != UNKNOWN]) >= 0).all()
    if never_falls or _rolls_over(run, register_wh):
        passes[earlier], passes[later] = FIRST, SECOND


def _is_sorted(times: Int64) -> bool:
    """Tell quarters that a program has put in the order of the clock's face: in their own none stands beside itself."""
    return len(np.unique(times)) > 1 and bool((np.diff(times) == 0).any())


def _rolls_over(run: _Run, register_wh: Int64) -> bool:
    """Tell whether a register that falls within a run does so by the lines around it, too, and not by their order."""
    around = [register_wh[row] for row in (run.before, run.after) if row is not None]
    values = register_wh[run.rows]
    values = values[values != UNKNOWN]
    return len(around) == 2 and UNKNOWN not in around and not min(around) <= values.min() <= values.max() <= max(around)


def _direction(run: _Run, local_s: Int64, register_wh: Int64) -> int:
    """Say whether a block's times rise (1) or fall (-1) around a run."""
    lowest, highest = int(local_s[run.rows].min()), int(local_s[run.rows].max())
    before_s, after_s = run.times_around(local_s)
    before = 0 if before_s is None else (1 if before_s < lowest else -1)
    after = 0 if after_s is None else (1 if after_s > highest else -1)
    if before == after != 0:
        return before
    known = register_wh[register_wh != UNKNOWN]
    if len(known) > 1 and known[0] != known[-1]:
        return 1 if known[-1] > known[0] else -1
    if before_s is None or after_s is None:
        return before or after or 1
    # Blocks meet on one side; the nearer time belongs to this one.
    is_nearer_before = _gap(before_s, lowest, highest) <= _gap(after_s, lowest, highest)
    return before if is_nearer_before else after


def _gap(time: int, lowest: int, highest: int) -> int:
    return max(lowest - time, time - highest)


def _by_register(runs: list[_Run], local_s: Int64, register_wh: Int64, passes: Int8) -> None:
    """Tell the lines of one night and meter apart by what the register showed at each time of it."""
    every = np.concatenate([run.rows for run in runs])
    for time in np.unique(local_s[every]).tolist():
        rows = every[(local_s[every] == time) & (register_wh[every] != UNKNOWN)]
        values = np.unique(register_wh[rows])
        if len(values) == 2:
            _as_two(rows, values, register_wh, passes)
        elif len(values) == 1:
            _as_one(runs, rows, passes)
        else:
            _as_those_known(rows, register_wh, passes)


def _as_two(rows: Int64, values: Int64, register_wh: Int64, passes: Int8) -> None:
    """Take the lower value as the first pass's, unless the order has told of both that it is otherwise."""
    found = [set(passes[rows[register_wh[rows] == value]].tolist()) - {UNCLEAR} for value in values]
    # A rollover or an exchange within the hour: the order knows better.
    first = 1 if found == [{SECOND}, {FIRST}] else 0
    for value, is_pass in ((values[first], FIRST), (values[1 - first], SECOND)):
        passes[rows[register_wh[rows] == value]] = is_pass


def _as_one(runs: list[_Run], rows: Int64, passes: Int8) -> None:
    """Where the register stood still, lines that follow each other are of both passes; which is which is all one."""
    if UNCLEAR not in passes[rows]:
        return
    if {FIRST, SECOND} <= set(passes[rows].tolist()):
        passes[rows[passes[rows] == UNCLEAR]] = SECOND
        return
    for run in runs:
        within = rows[np.isin(rows, run.rows)]
        if len(within) > 1:
            passes[rows] = SECOND
            passes[within[0]] = FIRST
            return


def _as_those_known(rows: Int64, register_wh: Int64, passes: Int8) -> None:
    """Where a block says something else than another, take a line as an equal one whose place its order tells."""
    told = {
        value: found.pop()
        for value in register_wh[rows].tolist()
        if len(found := set(passes[rows[register_wh[rows] == value]].tolist()) - {UNCLEAR}) == 1
    }
    for row in rows[passes[rows] == UNCLEAR].tolist():
        passes[row] = told.get(int(register_wh[row]), UNCLEAR)


def _by_neighbour(run: _Run, local_s: Int64, passes: Int8) -> None:
    """Take a run at a block's edge as the pass that it goes on from without a gap, where there is but one such side."""
    times = local_s[run.rows]
    if (passes[run.rows] != UNCLEAR).any() or len(np.unique(times)) != len(times):
        return
    sides = {
        FIRST if side < times.min() else SECOND
        for side in run.times_around(local_s)
        if side is not None and times.min() - HOUR_S <= side <= times.max() + HOUR_S
    }
    if len(sides) == 1:
        passes[run.rows] = sides.pop()


class _OneValue:
    """Settles what is the same either way: where the register stood as it did before the hour, or does after it.

    A register that never falls then showed that value in the pass between, whichever of them the line was written in.
    """

    def __init__(self, local_s: Int64, series: Series, repeated: Bool) -> None:
        self._local_s = local_s
        self._series = series
        is_near = np.zeros(len(local_s), np.bool_)
        for night in np.unique(local_s[repeated] // DAY_S).tolist():
            is_near |= (local_s >= (night - 1) * DAY_S) & (local_s < (night + 2) * DAY_S)
        # Of the day before, the day itself and the one behind it, all lines that are sure.
        self._near = np.flatnonzero(is_near)
        self._near = self._near[~repeated[self._near] & (series.register_wh[self._near] != UNKNOWN)]

    def settle(self, rows: Int64, passes: Int8) -> None:
        """Give lines of one meter and night that stand under one time, with one value, the passes that are certain."""
        times = self._local_s[rows]
        for time in np.unique(times).tolist():
            alike = rows[times == time]
            values = np.unique(self._series.register_wh[alike])
            is_settled = len(alike) == 1 and UNCLEAR not in passes[alike]
            if len(values) > 1 or values[0] == UNKNOWN or is_settled:
                continue
            beside = self._around(alike[0], int(times.min()), int(times.max()))
            for which in (FIRST, SECOND):
                if beside[which] == values[0] and which not in passes[alike]:
                    self._give_one(alike, which, passes)

    @staticmethod
    def _give_one(alike: Int64, which: int, passes: Int8) -> None:
        """Make one of several equal lines the pass that is certain: one that nothing else tells of, or one too many."""
        unclear = alike[passes[alike] == UNCLEAR]
        too_many = alike[passes[alike] == 1 - which][1:]
        for row in (*unclear, *too_many):
            passes[row] = which
            return

    def _around(self, row: np.int64, lowest: int, highest: int) -> tuple[int, int]:
        """Give what the meter showed last before the hour and first after it; UNKNOWN where no line is near."""
        of_meter = self._near[self._series.meter[self._near] == self._series.meter[row]]
        ahead = self._local_s[of_meter]
        before, after = (
            of_meter[(ahead < lowest) & (ahead >= lowest - DAY_S)],
            of_meter[(ahead > highest) & (ahead <= highest + DAY_S)],
        )
        last = int(self._series.register_wh[before].max()) if len(before) else UNKNOWN
        return last, int(self._series.register_wh[after].min()) if len(after) else UNKNOWN


def passes_by_mark(series: Series, repeated: Bool) -> Int8:
    """Tell the passes apart by what the lines themselves say."""
    passes = _unclear(repeated)
    passes[repeated] = np.where(series.marked[repeated] == UNKNOWN, UNCLEAR, series.marked[repeated])
    return passes


def passes_by_counter(local_s: Int64, first_s: Int64, series: Series, repeated: Bool) -> Int8:
    """Tell the passes apart by the meter's own hour counter, which rises by one in an hour.

    first_s: (n,) the instant of each line, for a repeated one its first pass's. The line is held against those before
    and after it by the counter that are not repeated and stand at the same minute; where they do not say the same, as
    after hours without power, it stays UNCLEAR.
    """
    passes = _unclear(repeated)
    known = np.flatnonzero(series.counter_h != UNKNOWN)
    minute = local_s[known] % HOUR_S
    order = known[np.lexsort((series.counter_h[known], minute, series.meter[known]))]
    group = run_starts(series.meter[order] * HOUR_S + local_s[order] % HOUR_S)
    of_group = np.repeat(group, np.diff(np.append(group, len(order))))
    place = np.arange(len(order))
    is_told = ~repeated[order]
    before = np.maximum.accumulate(np.where(is_told, place, -1))
    after = np.minimum.accumulate(np.where(is_told, place, len(order))[::-1])[::-1]
    for at in np.flatnonzero(~is_told).tolist():
        near = [one for one in (before[at], after[at]) if 0 <= one < len(order) and of_group[one] == of_group[at]]
        said = {_pass_from(int(order[one]), int(order[at]), first_s, series.counter_h) for one in near}
        if len(said) == 1:
            passes[order[at]] = said.pop()
    return passes


def _pass_from(near: int, row: int, first_s: Int64, counter_h: Int64) -> int:
    at_s = int(first_s[near]) + (int(counter_h[row]) - int(counter_h[near])) * HOUR_S
    return {0: FIRST, HOUR_S: SECOND}.get(at_s - int(first_s[row]), UNCLEAR)
