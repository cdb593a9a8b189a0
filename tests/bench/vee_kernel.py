"""Readings a second on one core through all rules of VEE, beside two of the rules alone, day by day."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.common import memory
from services.heat.arrays import Int64
from services.heat.days import HourRows
from services.heat.gaps import NO_SHAPES
from services.ingest.core.figures import NO_SEEDS, hours_of, marks_of, verdicts
from services.ingest.core.installations import Installations, Terms, rules_off_at
from services.ingest.core.readings import ReadingRows
from services.ingest.core.running import accepted
from services.ingest.core.vee.laid_out import laid_out, whole_days
from services.ingest.core.vee.rules import Flags, Rule, flags_of
from tests.bench.figures import Figure
from tests.bench.flawed_year import HOURS, RESOLUTION_WH, flawed_year, installations, terms_of
from tests.bench.rules_by_day import flags_by_day

STOCKHOLM = ZoneInfo("Europe/Stockholm")
METERS = 200
METERS_AT_ONCE = 5
"""A year of so many is as much as the worker takes in one batch."""
LEAST = 5_000_000
TIMES = 3
BY_DAY = frozenset({Rule.SPIKE, Rule.COUNTERS_DISAGREE, Rule.AGAINST_PHYSICS})


class Part(NamedTuple):
    """What is judged at once."""

    rows: ReadingRows
    installed: Installations


class Judged(NamedTuple):
    """A part with the terms and the verdict of each reading."""

    part: Part
    terms: Terms
    verdict: Int64


def vee_kernel() -> Iterator[Figure]:
    """Judge and flag in a process of its own, since numpy can be held to one core only before it is loaded."""
    alone = os.environ | {"OPENBLAS_NUM_THREADS": "1"}
    told = subprocess.run([sys.executable, "-m", __name__], env=alone, check=True, capture_output=True, text=True)
    rules, judging, flagging, with_hours, by_day = map(float, told.stdout.split())
    yield Figure("rate", rules, "readings/s", "least", LEAST)
    yield Figure("rate", rules, "readings/s", "spike and physics alone, numpy day by day", by_day)
    yield Figure("judging", judging, "readings/s", "with flags", rules)
    yield Figure("flags", flagging, "readings/s", "with judging", rules)
    yield Figure("with_hours", with_hours, "readings/s", "rules alone", rules)


def _rates() -> tuple[float, ...]:
    """Give readings a second: all rules, verdicts, flags, all with the hours between, and two rules day by day."""
    parts = [
        Part(flawed_year(first, METERS_AT_ONCE), installations(first, METERS_AT_ONCE))
        for first in range(1, METERS + 1, METERS_AT_ONCE)
    ]
    hours = [_hours(_judged(part)) for part in parts]
    _check_by_day(hours[0], parts[0].installed)
    judging_s = _best_s(lambda: [_judged(part) for part in parts])
    flagging_s = _best_s(lambda: [_flags(one, part.installed) for one, part in zip(hours, parts, strict=True)])
    with_hours_s = _best_s(lambda: [_flags(_hours(_judged(part)), part.installed) for part in parts])
    by_day_s = _best_s(lambda: flags_by_day(hours[0], whole_days(hours[0], STOCKHOLM), RESOLUTION_WH))
    readings = METERS * HOURS
    took_s = (judging_s + flagging_s, judging_s, flagging_s, with_hours_s, by_day_s * len(parts))
    return tuple(readings / each for each in took_s)


def _judged(part: Part) -> Judged:
    terms = terms_of(part.rows, part.installed)
    return Judged(part, terms, verdicts(part.rows, terms, np.zeros(len(part.rows.point_id), bool)))


def _hours(judged: Judged) -> HourRows:
    counted = accepted(judged.part.rows, judged.verdict, judged.terms, judged.part.installed)
    return hours_of(counted, *marks_of(counted, NO_SEEDS, NO_SHAPES))


def _flags(hours: HourRows, installed: Installations) -> Flags:
    days = whole_days(hours, STOCKHOLM)
    count = len(days.owner)
    rules_off = rules_off_at(installed, days.owner, days.begins_s)
    return flags_of(laid_out(hours, days, np.zeros(count, bool), np.full(count, RESOLUTION_WH), rules_off))


def _check_by_day(hours: HourRows, installed: Installations) -> None:
    """Make sure that both ways find the same, and that there is something to find."""
    flags = _flags(hours, installed)
    ours = {one for one in zip(*(column.tolist() for column in flags), strict=True) if one[2] in BY_DAY}
    assert {rule for _, _, rule in ours} == BY_DAY
    assert ours == flags_by_day(hours, whole_days(hours, STOCKHOLM), RESOLUTION_WH)


def _best_s(work: Callable[[], object]) -> float:
    took_s = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        took_s.append(time.process_time() - began)
    return min(took_s)


if __name__ == "__main__":
    # As the worker does.
    memory.keep_freed()
    print(*_rates())
