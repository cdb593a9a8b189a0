"""From the readings that count to hours and days, by plain loops over whole numbers and fractions."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from tests.oracle.judged import judged
from tests.oracle.smoothing import spread
from tests.oracle.verdicts import ESTIMATE, OPERATOR, Place, Reading, place_at, risen, without_sentinels

HOUR_S = 3600
WH, LITRES, FORWARD, RETURN = range(4)
MEASURED, INTERPOLATED, ESTIMATED, MANUAL = 1, 2, 3, 4
FROM_BEST = [MEASURED, INTERPOLATED, MANUAL, ESTIMATED]
"""What an operator says is no guess."""
COLDEST_C, HOTTEST_C = -20, 250
BRIDGED_WITHIN_S = 31 * 24 * HOUR_S


class Hour(NamedTuple):
    """An hour by its start; temperatures as exact fractions of a degree."""

    energy_wh: int
    volume_l: int | None
    forward_lc: int | None
    return_lc: int | None
    supply_c: Fraction | None
    return_c: Fraction | None
    start_quality: int
    end_quality: int


class Day(NamedTuple):
    """A local calendar day."""

    energy_wh: int
    maximum_hour_wh: int | None
    hours_expected: int
    hours_present: int
    hours_measured: int
    is_measured: bool
    volume_l: int | None
    register_wh: int | None
    register_l: int | None
    quality: int


class Mark(NamedTuple):
    """Running registers at a full hour, and the seconds between the readings around it."""

    running: list[int | None]
    distance_s: int
    is_manual: bool
    """Whether one of them is an operator's."""
    is_ahead: bool
    """Whether one of them is an estimate that nobody read."""


class Figures(NamedTuple):
    """Everything that follows from a metering point's readings."""

    verdicts: dict[tuple[int, int], int]
    """By instant and content hash."""
    hours: dict[int, Hour]
    days: dict[date, Day]
    offset: tuple[int, int]
    """What the running Wh and litres are ahead of the meter's own at the last accepted reading."""


def figures(readings: Sequence[Reading], places: Sequence[Place], maximum_kw: int, zone: ZoneInfo) -> Figures:
    """Judge a metering point's readings, all of them at once, and compute its hours and days."""
    verdicts, accepted, places = judged([without_sentinels(one) for one in readings], places, maximum_kw * 1000)
    ahead = [_ahead(accepted, places, column) for column in range(4)]
    running, bridged = _running(accepted, ahead)
    marks = _marks(accepted, running)
    hours = _smoothed(_hours(accepted, running, marks, places, bridged), places, zone)
    offset = (ahead[WH][-1], ahead[LITRES][-1]) if accepted else (0, 0)
    return Figures(verdicts, hours, _days(hours, marks, zone), offset)


def _ahead(accepted: Sequence[Reading], places: Sequence[Place], column: int) -> list[int]:
    """Give how far a register that runs on over rollover and exchange is ahead of the meter's own."""
    ahead, result = 0, []
    for index, reading in enumerate(accepted):
        before = _before(accepted, index, column)
        if before is not None:
            ahead += _step(accepted[before], reading, column, places)
        result.append(ahead)
    return result


def _before(accepted: Sequence[Reading], index: int, column: int) -> int | None:
    """Which reading's register one is set against: the one before; for litres over a month without them at most."""
    if index == 0 or accepted[index].registers[column] is None:
        return None
    if accepted[index - 1].registers[column] is not None:
        return index - 1
    with_one = [one for one in range(index) if accepted[one].registers[column] is not None]
    if column != LITRES or not with_one:
        return None
    is_near = accepted[index].read_at_s - accepted[with_one[-1]].read_at_s <= BRIDGED_WITHIN_S
    return with_one[-1] if is_near else None


def _running(accepted: Sequence[Reading], ahead: Sequence[Sequence[int]]) -> tuple[list[list[int | None]], list[bool]]:
    """Let each register run on from the first reading; litres that are missing rise evenly. Tells where they did."""
    result = [
        [None if own is None else own + ahead[at][index] for at, own in enumerate(reading.registers)]
        for index, reading in enumerate(accepted)
    ]
    bridged = [False] * len(accepted)
    for index, reading in enumerate(accepted):
        before = _before(accepted, index, LITRES)
        if before is None:
            continue
        begin_s = accepted[before].read_at_s
        for between in range(before + 1, index):
            share = Fraction(accepted[between].read_at_s - begin_s, reading.read_at_s - begin_s)
            result[between][LITRES] = _between(result[before][LITRES], result[index][LITRES], share)
            bridged[between] = True
    return result, bridged


def _step(earlier: Reading, later: Reading, column: int, places: Sequence[Place]) -> int:
    old, new = earlier.registers[column], later.registers[column]
    if old is None or new is None:
        return 0
    before, after = place_at(places, earlier.read_at_s), place_at(places, later.read_at_s)
    if before == after:
        modulus = before.modulus[column] if before and column in (WH, LITRES) else 0
        return risen(old, new, modulus) - (new - old)
    used = 0
    if before and after and column in (WH, LITRES):
        used = _counted(before, old, before.stop[column], column) + _counted(after, after.start[column], new, column)
        unread = [place for place in places if before.installed_s < place.installed_s < after.installed_s]
        used += sum(_counted(place, place.start[column], place.stop[column], column) for place in unread)
    return old + used - new


def _counted(place: Place, earlier: int | None, later: int | None, column: int) -> int:
    """What a meter counted between two registers; a fall of more than half a turn is its rollover."""
    if earlier is None or later is None:
        return 0
    if later >= earlier:
        return later - earlier
    rolled = later + place.modulus[column] - earlier
    return rolled if 0 <= rolled < place.modulus[column] // 2 else 0


def _marks(accepted: Sequence[Reading], running: Sequence[list[int | None]]) -> dict[int, Mark]:
    marks: dict[int, Mark] = {}
    for index, reading in enumerate(accepted):
        if reading.read_at_s % HOUR_S == 0:
            ranks = {reading.rank}
            marks[reading.read_at_s] = Mark(running[index], 0, OPERATOR in ranks, ESTIMATE in ranks)
        if index == 0:
            continue
        begin_s, span_s = accepted[index - 1].read_at_s, reading.read_at_s - accepted[index - 1].read_at_s
        for at_s in range((begin_s // HOUR_S + 1) * HOUR_S, reading.read_at_s, HOUR_S):
            share = Fraction(at_s - begin_s, span_s)
            pairs = zip(running[index - 1], running[index], strict=True)
            ranks = {accepted[index - 1].rank, reading.rank}
            shown = [_between(old, new, share) for old, new in pairs]
            marks[at_s] = Mark(shown, span_s, OPERATOR in ranks, ESTIMATE in ranks)
    return marks


def _between(old: int | None, new: int | None, share: Fraction) -> int | None:
    return None if old is None or new is None else old + half_up((new - old) * share)


def half_up(exact: Fraction) -> int:
    """Round to whole numbers, a half upwards."""
    return (exact + Fraction(1, 2)).__floor__()


def _quality(mark: Mark) -> int:
    if mark.is_ahead or mark.distance_s > 2 * HOUR_S:
        return ESTIMATED
    if mark.is_manual:
        return MANUAL
    return MEASURED if mark.distance_s <= 75 * 60 else INTERPOLATED


def _is_unsure(earlier: Reading, later: Reading, places: Sequence[Place]) -> bool:
    """A meter was exchanged between them, and its stop, or its successor's start, is neither noted nor read."""
    before, after = place_at(places, earlier.read_at_s), place_at(places, later.read_at_s)
    if before is None or after is None or before == after:
        return False
    unread = [place for place in places if before.installed_s < place.installed_s < after.installed_s]
    start = later.energy_wh if later.read_at_s == after.installed_s else after.start[WH]
    noted = [before.stop[WH], start, *(one for place in unread for one in (place.start[WH], place.stop[WH]))]
    return None in noted


def _hours(
    accepted: Sequence[Reading],
    running: Sequence[list[int | None]],
    marks: Mapping[int, Mark],
    places: Sequence[Place],
    bridged: Sequence[bool],
) -> dict[int, Hour]:
    unsure = [(one.read_at_s, two.read_at_s) for one, two in pairwise(accepted) if _is_unsure(one, two, places)]
    samples = _samples(accepted, running)
    not_own = [
        (accepted[index - 1].read_at_s, accepted[index + 1].read_at_s) for index, is_one in enumerate(bridged) if is_one
    ]
    hours: dict[int, Hour] = {}
    for at_s, begin in marks.items():
        end = marks.get(at_s + HOUR_S)
        if end is None:
            continue
        rises = [_rise(old, new) for old, new in zip(begin.running, end.running, strict=True)]
        energy_wh, volume_l, forward_lc, return_lc = rises
        assert energy_wh is not None
        supply, back = samples.get(at_s, ([], []))
        own_l = None if any(at_s < to and at_s + HOUR_S > since for since, to in not_own) else volume_l
        hours[at_s] = Hour(
            energy_wh,
            volume_l,
            forward_lc,
            return_lc,
            _temperature(forward_lc, own_l, supply),
            _temperature(return_lc, own_l, back),
            _quality(begin),
            ESTIMATED if any(at_s < to and at_s + HOUR_S > since for since, to in unsure) else _quality(end),
        )
    return hours


def _smoothed(hours: Mapping[int, Hour], places: Sequence[Place], zone: ZoneInfo) -> dict[int, Hour]:
    """Spread the energy of whole days whose meter has the option, the one that sits there as the day begins."""
    result = dict(hours)
    for day in {datetime.fromtimestamp(at_s, zone).date() for at_s in hours}:
        expected = day_hours(day, zone)
        place = place_at(places, expected[0])
        if place is None or not place.smoothing or not hours.keys() >= set(expected):
            continue
        evened = spread([hours[at_s].energy_wh for at_s in expected], place.resolution_wh)
        result |= {at_s: hours[at_s]._replace(energy_wh=wh) for at_s, wh in zip(expected, evened, strict=True)}
    return result


def _rise(old: int | None, new: int | None) -> int | None:
    return None if old is None or new is None or new < old else new - old


Sample = tuple[int, float]


def _samples(
    accepted: Sequence[Reading], running: Sequence[list[int | None]]
) -> dict[int, tuple[list[Sample], list[Sample]]]:
    """Sort the samples by the hour that they end, each with the litres since the reading before."""
    result: dict[int, tuple[list[Sample], list[Sample]]] = defaultdict(lambda: ([], []))
    for index, reading in enumerate(accepted):
        litres = 0
        if index:
            old, new = running[index - 1][LITRES], running[index][LITRES]
            litres = max(0, new - old) if old is not None and new is not None else 0
        hour_s = (reading.read_at_s - 1) // HOUR_S * HOUR_S
        for column, sample in enumerate((reading.supply_c, reading.return_c)):
            if sample is not None and COLDEST_C <= sample <= HOTTEST_C:
                result[hour_s][column].append((litres, sample))
    return result


def _temperature(integral_lc: int | None, volume_l: int | None, samples: Sequence[Sample]) -> Fraction | None:
    if integral_lc is not None and volume_l:
        by_integral = Fraction(integral_lc, volume_l)
        if COLDEST_C * 100 <= half_up(100 * by_integral) <= HOTTEST_C * 100:
            return by_integral
    if not samples:
        return None
    litres = sum(weight for weight, _ in samples)
    if litres:
        return sum((weight * Fraction(sample) for weight, sample in samples), Fraction()) / litres
    return sum((Fraction(sample) for _, sample in samples), Fraction()) / len(samples)


def day_hours(day: date, zone: ZoneInfo) -> list[int]:
    """Give the starts of a local day's hours, in seconds since 1970."""
    begin = datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), zone).astimezone(UTC)
    return list(range(int(begin.timestamp()), int(end.timestamp()), HOUR_S))


def _days(hours: Mapping[int, Hour], marks: Mapping[int, Mark], zone: ZoneInfo) -> dict[date, Day]:
    """Sum the hours of each local day whose last hour is there."""
    days: dict[date, Day] = {}
    for day in sorted({datetime.fromtimestamp(at_s, zone).date() for at_s in hours}):
        expected = day_hours(day, zone)
        if expected[-1] not in hours:
            continue
        present = [hours[at_s] for at_s in expected if at_s in hours]
        measured = [hour.energy_wh for hour in present if hour.start_quality == hour.end_quality == MEASURED]
        is_measured = expected[0] in hours and hours[expected[0]].start_quality == MEASURED
        is_measured &= all(
            hours[one].end_quality == hours[two].start_quality
            for one, two in pairwise(expected)
            if one in hours and two in hours
        )
        at_end = marks[expected[-1] + HOUR_S].running
        days[day] = Day(
            sum(hour.energy_wh for hour in present),
            max(measured, default=None),
            len(expected),
            len(present),
            len(measured),
            is_measured and present[-1].end_quality == MEASURED,
            _sum(hour.volume_l for hour in present),
            at_end[WH],
            at_end[LITRES],
            max((max(hour[-2:], key=FROM_BEST.index) for hour in present), key=FROM_BEST.index),
        )
    return days


def weighed(hours: Iterable[Hour]) -> tuple[int, int, int, int]:
    """Sum litres times supply temperature over a day's hours that know both, and these litres; return likewise.

    hours: with their temperatures in whole hundredths. Where a temperature is that of the meter's integral, this
    counts; the others' products are rounded once.
    """
    known = [hour for hour in hours if hour.volume_l is not None]
    return (
        *_weighed((hour.volume_l or 0, hour.forward_lc, hour.supply_c) for hour in known),
        *_weighed((hour.volume_l or 0, hour.return_lc, hour.return_c) for hour in known),
    )


def _weighed(hours: Iterable[tuple[int, int | None, Fraction | None]]) -> tuple[int, int]:
    by_integral, by_samples, litres = 0, Fraction(), 0
    for volume_l, integral_lc, celsius in hours:
        if celsius is None:
            continue
        litres += volume_l
        if integral_lc is not None and volume_l and half_up(100 * Fraction(integral_lc, volume_l)) == 100 * celsius:
            by_integral += integral_lc
        else:
            by_samples += volume_l * celsius
    return by_integral + half_up(by_samples), litres


def _sum(values: Iterable[int | None]) -> int | None:
    known = list(values)
    return None if None in known else sum(value or 0 for value in known)
