"""A day's energy spread over its hours as evenly as the steps of the register allow, by plain loops over fractions."""

from collections.abc import Sequence
from fractions import Fraction
from itertools import pairwise


def spread(energy_wh: Sequence[int], step_wh: int) -> list[int]:
    """Give the hours between the marks of the shortest course, each mark rounded half up."""
    marks = [(height + Fraction(1, 2)).__floor__() for height in shortest(energy_wh, step_wh)]
    return [later - earlier for earlier, later in pairwise(marks)]


def shortest(energy_wh: Sequence[int], step_wh: int) -> list[Fraction]:
    """Give the heights of the shortest course that strays from the register by less than a step.

    At the day's ends, and around hours of three steps or more, by nothing. It goes on straight from each bend as long
    as it can, and bends at the mark that left the least room.
    """
    end = len(energy_wh)
    marks = [Fraction(sum(energy_wh[:hour])) for hour in range(end + 1)]
    slack = (
        [0]
        + [
            0 if max(energy_wh[hour - 1], energy_wh[hour]) >= 3 * step_wh else max(0, step_wh - 1)
            for hour in range(1, end)
        ]
        + [0]
    )
    course = [Fraction(0)]
    while len(course) <= end:
        at = len(course) - 1
        to, height = _bend(marks, at, course[at], slack) or (end, marks[end])
        course += [course[at] + (height - course[at]) * (hour - at) / (to - at) for hour in range(at + 1, to + 1)]
    return course


def _bend(marks: Sequence[Fraction], at: int, height: Fraction, slack: Sequence[int]) -> tuple[int, Fraction] | None:
    """Find where the course bends next: the mark, and how high it is there; None where it is straight to the end."""
    least: tuple[Fraction, int] | None = None
    most: tuple[Fraction, int] | None = None
    for ahead in range(at + 1, len(marks)):
        low = (marks[ahead] - slack[ahead] - height) / (ahead - at)
        high = (marks[ahead] + slack[ahead] - height) / (ahead - at)
        if most and low > most[0]:
            return most[1], marks[most[1]] + slack[most[1]]
        if least and high < least[0]:
            return least[1], marks[least[1]] - slack[least[1]]
        least = (low, ahead) if not least or low >= least[0] else least
        most = (high, ahead) if not most or high <= most[0] else most
    return None
