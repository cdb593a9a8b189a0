"""Which flaws of the truth were found, each by its own rule."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.cli.simulator.flaws import Flaw
from services.cli.simulator.town import Town
from services.heat.hour_marks import HOUR_S
from services.ingest.core.vee.rules import Rule
from services.ingest.core.verdict import Verdict
from tests.scenarios.town.expected import Expected, Line, second, touched_marks
from tests.scenarios.town.figures import MEASURED, Figures
from tests.scenarios.town.stored import Tables, rows

Instant = tuple[str, int]
Version = dict[str, Any]
COMPARED = ("energy_wh", "volume_l")


class Seen(NamedTuple):
    """What is looked at to tell whether a flaw was found."""

    town: Town
    truth: Expected
    figures: Figures
    versions: Mapping[Instant, list[Version]]
    """Every stored version of the readings that some flaw touches."""


class Recall(NamedTuple):
    """How many flaws of a kind there are, and which were not found."""

    flaw: Flaw
    lines: int
    missed: list[Line]


def recalls(town: Town, truth: Expected, figures: Figures, tables: Tables) -> list[Recall]:
    """Ask of each flaw whether it was found."""
    seen = Seen(town, truth, figures, _versions(truth, tables))
    result = []
    for flaw, (_, is_found) in FOUND_BY.items():
        lines = [line for line in truth.lines if line["kind"] == flaw]
        result.append(Recall(flaw, len(lines), [line for line in lines if not is_found(seen, line)]))
    return result


def _versions(truth: Expected, tables: Tables) -> Mapping[Instant, list[Version]]:
    wanted = {
        (line["metering_point"], second(reading["read_at"]))
        for line in truth.lines
        if isinstance(line["said"], list)
        for reading in (*line["said"], *line["true"])
    }
    stored = rows(tables, "readings")
    near = stored.filter(pc.is_in(stored["read_at_s"], value_set=pa.array({at_s for _, at_s in wanted}, pa.int64())))
    result: dict[Instant, list[Version]] = {}
    for version in near.to_pylist():
        instant = (version["number"], version["read_at_s"])
        if instant in wanted:
            result.setdefault(instant, []).append(version)
    return result


def _verdicts(seen: Seen, reading: Line) -> list[int]:
    """Give the verdicts on what a reading of the truth said."""
    at = seen.versions.get((reading["metering_point"], second(reading["read_at"])), [])
    return [
        one["verdict"]
        for one in at
        if all(one[name] == reading[name] for name in COMPARED)
        and (one["withdrawn"] in (True, "t")) == reading["withdrawn"]
    ]


def _refused_as(*verdicts: Verdict) -> Callable[[Seen, Line], bool]:
    def is_found(seen: Seen, line: Line) -> bool:
        return all(set(_verdicts(seen, said)) & set(verdicts) for said in line["said"])

    return is_found


def _flagged_by(*rules: Rule) -> Callable[[Seen, Line], bool]:
    def is_found(seen: Seen, line: Line) -> bool:
        index, hours = _hours(seen, line)
        return any(bool(seen.figures.flagged[rule][index, hours].any()) for rule in rules)

    return is_found


def _hours(seen: Seen, line: Line) -> tuple[int, np.ndarray]:
    """Give the hours between whose marks a flaw lies."""
    marks = touched_marks(seen.town, line)
    hours = np.unique(np.concatenate((marks - 1, marks)))
    return seen.truth.point_of[line["metering_point"]], hours[(hours >= 0) & (hours < seen.figures.quality.shape[1])]


def _is_graded(seen: Seen, line: Line) -> bool:
    """Tell whether nothing that rests on readings that lack passes for measured: no hour, or no day."""
    index, hours = _hours(seen, line)
    if seen.truth.is_daily[index]:
        first, last = np.searchsorted(seen.truth.midnights, [hours[0], hours[-1]], side="right") - 1
        return not seen.figures.is_day_measured[index, first : last + 1].any()
    return not (seen.figures.quality[index, hours] == MEASURED).any()


def _is_kept_once(seen: Seen, line: Line) -> bool:
    return all(len(_verdicts(seen, said)) == 1 for said in line["said"])


def _is_accepted(seen: Seen, line: Line) -> bool:
    return all(Verdict.ACCEPTED in _verdicts(seen, true) for true in line["true"])


def _was_put_right(seen: Seen, line: Line) -> bool:
    wrong, right = sorted(line["said"], key=lambda reading: reading["sent_at"])
    counts = Verdict.WITHDRAWN if right["withdrawn"] else Verdict.ACCEPTED
    return _verdicts(seen, wrong) == [Verdict.SUPERSEDED] and _verdicts(seen, right) == [counts]


def _runs_on(seen: Seen, line: Line) -> bool:
    """Tell whether the energy from the day before to the day behind is the true one."""
    index = seen.truth.point_of[line["metering_point"]]
    mark = (second(line["from"]) - seen.town.from_s) // HOUR_S
    day = int(np.searchsorted(seen.truth.midnights, mark, side="right")) - 1
    days = np.arange(max(day - 1, 0), min(day + 2, seen.figures.day_wh.shape[1]))
    first, last = seen.truth.midnights[[days[0], days[-1] + 1]]
    true_wh = seen.truth.marks_wh[index, last] - seen.truth.marks_wh[index, first]
    near_wh = (
        3 * seen.truth.tolerance_wh[index] + _moved_wh(seen, index, int(first)) + _moved_wh(seen, index, int(last))
    )
    return bool(abs(seen.figures.day_wh[index, days].sum() - true_wh) <= near_wh)


def _moved_wh(seen: Seen, index: int, mark: int) -> float:
    """Give by how much a mark may be off that other flaws have moved: by what was used around it."""
    off = seen.truth.is_off[index]
    first = last = mark
    while off[first] and first > 0:
        first -= 1
    while off[last] and last < len(off) - 1:
        last += 1
    return float(seen.truth.marks_wh[index, last] - seen.truth.marks_wh[index, first])


def _is_conflict_or_gap(seen: Seen, line: Line) -> bool:
    conflicts = any(
        one["verdict"] == Verdict.CONFLICTING_VALUES
        for said in line["said"]
        for one in seen.versions.get((said["metering_point"], second(said["read_at"])), [])
    )
    index, _ = _hours(seen, line)
    # One that is read at midnight alone says nothing at the other reading's instant.
    return conflicts or (bool(seen.truth.is_daily[index]) and _is_graded(seen, line))


def _never(_: Seen, __: Line) -> bool:
    return False


FOUND_BY: Mapping[Flaw, tuple[str, Callable[[Seen, Line], bool]]] = {
    Flaw.GAP: ("no hour of it is measured (read daily: no day)", _is_graded),
    Flaw.DUPLICATE: ("kept once", _is_kept_once),
    Flaw.OUT_OF_ORDER: ("accepted in its place", _is_accepted),
    Flaw.LATE: ("accepted in its place", _is_accepted),
    Flaw.ROLLOVER: ("the days around have the true energy", _runs_on),
    Flaw.EXCHANGE: ("the days around have the true energy", _runs_on),
    Flaw.SENTINEL: ("verdict sentinel", _refused_as(Verdict.SENTINEL)),
    Flaw.OUTAGE: ("verdict outage_zero on each reading", _refused_as(Verdict.OUTAGE_ZERO)),
    Flaw.FALLEN_REGISTER: ("verdict register_went_backwards", _refused_as(Verdict.REGISTER_WENT_BACKWARDS)),
    Flaw.CLOCK_CHANGE: ("verdict conflicting_values (read daily: no measured day)", _is_conflict_or_gap),
    Flaw.SPIKE: (
        "verdict above_plausible_maximum or register_above_modulus",
        _refused_as(Verdict.ABOVE_PLAUSIBLE_MAXIMUM, Verdict.REGISTER_ABOVE_MODULUS),
    ),
    Flaw.CORRECTION: ("superseded by what is accepted", _was_put_right),
    Flaw.WITHDRAWAL: ("superseded by its withdrawal", _was_put_right),
    Flaw.FALSE_PEAK: ("flag false_peak", _flagged_by(Rule.FALSE_PEAK)),
    Flaw.COUNTERS_DISAGREE: (
        "flag counters_disagree or against_physics",
        _flagged_by(Rule.COUNTERS_DISAGREE, Rule.AGAINST_PHYSICS),
    ),
    Flaw.DEAD_SENSOR: ("flag dead_sensor", _flagged_by(Rule.DEAD_SENSOR)),
    Flaw.WRONG_CLOCK: ("by no rule", _never),
}
"""How each kind counts as found. Whole kWh are no flaw to be found: hours are right to a step of the register."""

DEFINITE = (
    Flaw.GAP, Flaw.DUPLICATE, Flaw.OUT_OF_ORDER, Flaw.LATE, Flaw.ROLLOVER, Flaw.EXCHANGE, Flaw.SENTINEL, Flaw.OUTAGE,
    Flaw.FALLEN_REGISTER, Flaw.CLOCK_CHANGE,
)  # fmt: skip
"""All of these must be found."""
