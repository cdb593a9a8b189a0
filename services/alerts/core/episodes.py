"""Episodes: from when until when a value was out of bounds, as a function of the stored figures."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from schemas.alerts import Direction
from services.alerts.core.rules import Bounds, Rule, Series, bounds


@dataclass(frozen=True)
class Episode:
    """One time out of bounds. Seconds since 1970; limit and extreme in C or kW.

    opened_s: start of the first value out. sure_s: end of the value that made it long enough to open.
    closed_s: start of the first value back, None while it lasts. known_s: end of the value that closed it.
    """

    opened_s: int
    sure_s: int
    closed_s: int | None
    known_s: int | None
    extreme: float
    limit: float


def episodes(series: Series, rule: Rule) -> list[Episode]:
    """Find each time the values went out of bounds and stayed so for the rule's minimum.

    series: measured values by rising time, beginning where nothing was out before (see `window`). An episode
    closes at the first value that is back by the hysteresis; unmeasured time neither opens, closes nor
    interrupts. Source: domain.md, Alerts, and VEE rule 6.
    """
    against = bounds(series, rule)
    return [_episode(series, rule, against, first, end) for first, end in _spells(against, rule.minimum_values)]


@dataclass(frozen=True)
class Window:
    """Where a change of figures can have changed episodes: between two quiet values, or an end of the series.

    after_s, before_s: start of the quiet value on each side, None where there is none. series: what to judge.
    """

    after_s: int | None
    before_s: int | None
    series: Series

    def holds(self, opened_s: int, closed_s: int | None) -> bool:
        """Tell whether an episode reaches into the window."""
        begins_before_end = self.before_s is None or opened_s < self.before_s
        ends_after_begin = self.after_s is None or closed_s is None or closed_s > self.after_s
        return begins_before_end and ends_after_begin


def window(series: Series, rule: Rule, first_s: int, last_s: int) -> Window:
    """Narrow a series to what figures that changed from first_s to last_s (seconds since 1970) can concern.

    After a value that is back by the hysteresis no episode is open and none is about to, whatever came before.
    So episodes on its two sides have nothing to do with each other.
    """
    quiet = np.flatnonzero(bounds(series, rule).is_back)
    quiet_s = series.starts_s[quiet]
    before, after = np.searchsorted(quiet_s, first_s), np.searchsorted(quiet_s, last_s, side="right")
    begin = int(quiet[before - 1]) if before > 0 else 0
    end = int(quiet[after]) + 1 if after < len(quiet) else len(series.starts_s)
    kept = slice(begin, end)
    return Window(
        int(quiet_s[before - 1]) if before > 0 else None,
        int(quiet_s[after]) if after < len(quiet) else None,
        Series(series.starts_s[kept], series.ends_s[kept], series.values[kept], series.is_winter[kept]),
    )


def _spells(against: Bounds, minimum: int) -> Iterator[tuple[int, int]]:
    """Give index of the first value out and of the first value back (or the number of values) of each episode."""
    first: int | None = None
    is_open = False
    for index, (is_out, is_back) in enumerate(zip(against.is_out.tolist(), against.is_back.tolist(), strict=True)):
        if is_out:
            first = index if first is None else first
            is_open = is_open or index - first + 1 >= minimum
        elif is_back or not is_open:
            if is_open and first is not None:
                yield first, index
            first, is_open = None, False
    if is_open and first is not None:
        yield first, len(against.is_out)


def _episode(series: Series, rule: Rule, against: Bounds, first: int, end: int) -> Episode:
    values = series.values[first:end]
    lasts = end == len(series.values)
    return Episode(
        opened_s=int(series.starts_s[first]),
        sure_s=int(series.ends_s[first + rule.minimum_values - 1]),
        closed_s=None if lasts else int(series.starts_s[end]),
        known_s=None if lasts else int(series.ends_s[end]),
        extreme=float(values.max() if rule.direction is Direction.ABOVE else values.min()),
        limit=float(against.limit[first]),
    )
