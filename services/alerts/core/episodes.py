"""Episodes: from when until when a value was out of bounds, as a function of the stored figures."""

from collections.abc import Iterator
from dataclasses import dataclass

from schemas.alerts import Direction
from services.alerts.core.rules import Bounds, Rule, Series, bounds
from services.heat.arrays import Bool


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

    series: measured values by rising time, beginning where nothing was out before (see `quiet`). An episode
    closes at the first value that is back by the hysteresis; unmeasured time neither opens, closes nor
    interrupts. Source: domain.md, Alerts, and VEE rule 6.
    """
    against = bounds(series, rule)
    return [_episode(series, rule, against, first, end) for first, end in _spells(against, rule.minimum_values)]


def quiet(series: Series, rule: Rule) -> Bool:
    """Tell after which values no episode is open and none is about to, whatever came before; (n,) true or false.

    Episodes on the two sides of such a value have nothing to do with each other, so a change of figures can
    only change episodes between the last one before it and the first one after it.
    """
    return bounds(series, rule).is_back


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
