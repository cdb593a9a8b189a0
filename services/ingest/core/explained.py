"""A stored figure derived once more from the readings, meters and temperatures that it rests on, and told in words."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64, values_at
from services.heat.days import HourRows
from services.heat.gaps import NO_SHAPES, Gaps, Shapes, hours_of_gaps, shapes_of
from services.heat.hour_marks import (
    ESTIMATED,
    HOUR_S,
    INTERPOLATED,
    MANUAL,
    MEASURED,
    MISSING,
    SHAPED,
    Marks,
    worse_of,
)
from services.heat.local_time import local_day, shown
from services.ingest.core.figures import NO_SEEDS, gaps_of, hours_of, marks_of
from services.ingest.core.installations import Installations, Terms, terms
from services.ingest.core.readings import ReadingRows, are_estimates, are_operators
from services.ingest.core.running import WH, Accepted, accepted
from services.ingest.core.signatures import MonthSignatures, expected_kw, month_of, of_months
from services.ingest.core.smoothing import smoothed
from services.ingest.core.stops import stops_among, with_stops
from services.ingest.core.verdict import Verdict

QUALITIES = {
    MISSING: "missing",
    MEASURED: "measured",
    INTERPOLATED: "interpolated",
    ESTIMATED: "estimated",
    MANUAL: "manual",
    SHAPED: "estimated",
}
NOT_KNOWN = (
    "a meter was exchanged, and its last or first register was neither noted nor read:"
    " what was used between is not known"
)
READ_THEN = "as it was read at that instant"

SMOOTHED = (
    "smoothed: these differ by {shown:.3f} kWh, and the meter's option smoothing spreads the day's energy over its"
    " hours as evenly as the steps of its register allow"
)


def quality_of(stored: Mapping[str, int]) -> str:
    """Name the quality of a stored hour: the worse of its two marks'."""
    worse = worse_of(np.array(stored["start_quality"]), np.array(stored["end_quality"]))
    return QUALITIES[int(worse)]


class Known(NamedTuple):
    """What figures of one metering point rest on."""

    rows: ReadingRows
    """The readings that count, in order: from one at or before the first figure to one at or behind the last."""
    stops: ReadingRows
    """The readings that say what a meter showed when it was removed."""
    installations: Installations
    """As they are noted."""
    signatures: MonthSignatures
    is_cooling: bool
    station_id: str | None
    outdoor_s: Int64
    outdoor_c: Float64
    """(t,) when hours start, and their temperature."""
    zone: ZoneInfo


class Derived(NamedTuple):
    """Marks and hours as they follow from what is known. Registers are the meter's own at the first reading."""

    counted: Accepted
    marks: Marks
    mark_quality: Int64
    hours: HourRows
    shown_wh: Int64
    """Of each hour what the registers at its marks differ by, before a day's energy is spread over its hours."""
    ended: Installations
    """With the stop registers that were read, where none are noted."""


class Around(NamedTuple):
    """The readings around a mark, by index; both the same where one was taken on the mark."""

    before: int
    after: int


def derived(known: Known) -> Derived:
    """Compute marks and hours from readings, by the same rules and in whole numbers as when they were stored."""
    rows, ended = known.rows, _ended(known)
    verdict = np.full(len(rows.point_id), int(Verdict.ACCEPTED))
    counted = accepted(rows, verdict, _terms(known, rows), ended)
    marks, quality = marks_of(counted, NO_SEEDS, _shapes(known, gaps_of(counted)))
    shown = hours_of(counted, marks, quality)
    hours = smoothed(shown, known.installations, known.zone)
    return Derived(counted, marks, quality, hours, shown.energy_wh, ended)


def _ended(known: Known) -> Installations:
    stops = stops_among(known.stops, _terms(known, known.stops), known.installations)
    return with_stops(known.installations, stops, np.full(len(stops.at), int(Verdict.STOP_REGISTER)))


def _terms(known: Known, rows: ReadingRows) -> Terms:
    return terms(known.installations, rows.point_id, rows.meter_id, rows.read_at_s, np.zeros_like(rows.point_id))


def _shapes(known: Known, gaps: Gaps) -> Shapes:
    if known.station_id is None or len(gaps.owner) == 0:
        return NO_SHAPES
    month = month_of(local_day(gaps.from_s, known.zone))
    at, has_signature = of_months(known.signatures, gaps.owner, month)
    if not has_signature.any():
        return NO_SHAPES
    gaps, signatures = gaps.take(has_signature), known.signatures.take(at[has_signature])
    gap, hour_s = hours_of_gaps(gaps)
    is_cooling: Bool = np.full(len(gap), known.is_cooling)
    outdoor_c = values_at(known.outdoor_s, known.outdoor_c, hour_s)
    return shapes_of(gaps, expected_kw(signatures.take(gap), is_cooling, outdoor_c))


def energies(found: Derived, from_s: int, to_s: int) -> dict[int, int]:
    """Give the derived energy of each hour that starts within a span."""
    hours = found.hours
    inside = (hours.starts_s >= from_s) & (hours.starts_s < to_s)
    return dict(zip(hours.starts_s[inside].tolist(), hours.energy_wh[inside].tolist(), strict=True))


def mark_at(found: Derived, at_s: int) -> int | None:
    """Find the mark of an instant; None where no two readings are around it."""
    at = int(np.searchsorted(found.marks.at_s, at_s))
    return at if at < len(found.marks.at_s) and found.marks.at_s[at] == at_s else None


def around(found: Derived, at_s: int) -> Around:
    """Find the readings around a mark that is there."""
    read_at_s = found.counted.rows.read_at_s
    after = int(np.searchsorted(read_at_s, at_s))
    return Around(after if read_at_s[after] == at_s else after - 1, after)


def register_at(found: Derived, mark: int) -> int:
    """Give the register that a mark reads off, running on from the first reading, in Wh."""
    return int(found.marks.values[mark, WH])


def rule_of_hour(known: Known, found: Derived, starts_s: int) -> str:
    """Say in words how an hour's energy follows from readings; the hour is one of the derived."""
    first, last = (_rule_of_mark(known, found, at_s) for at_s in (starts_s, starts_s + HOUR_S))
    begin, end = (_clock(at_s, known.zone) for at_s in (starts_s, starts_s + HOUR_S))
    parts = [f"register at {end} minus register at {begin}"]
    parts += (
        [f"at both {first}"] if first == last else [f"at {at} {rule}" for at, rule in ((begin, first), (end, last))]
    )
    parts += _ran_on(known, found, starts_s)
    hour = int(np.searchsorted(found.hours.starts_s, starts_s))
    if found.hours.energy_wh[hour] != found.shown_wh[hour]:
        parts.append(SMOOTHED.format(shown=found.shown_wh[hour] / 1000))
    mark = mark_at(found, starts_s + HOUR_S)
    if mark is not None and found.hours.end_quality[hour] != found.mark_quality[mark]:
        parts.append(NOT_KNOWN)
    return "; ".join(parts)


def _ran_on(known: Known, found: Derived, starts_s: int) -> list[str]:
    """Say why the registers around an hour cannot be subtracted as the meter shows them."""
    begin, end = around(found, starts_s).before, around(found, starts_s + HOUR_S).after
    read_at_s, places = found.counted.rows.read_at_s, known.installations
    begun = np.flatnonzero((places.installed_s > read_at_s[begin]) & (places.installed_s <= read_at_s[end]))
    if len(begun):
        return [_exchanged(known, found, int(place)) for place in begun]
    offset_wh = found.counted.offset[begin : end + 1, WH]
    return ["the register rolled over between these readings"] if (offset_wh != offset_wh[0]).any() else []


def _exchanged(known: Known, found: Derived, place: int) -> str:
    installed_s = int(known.installations.installed_s[place])
    text = f"a meter was put at {_written(installed_s, known.zone)}"
    start, stop = _begun_at(known, found, place), _ended_at(known, found, place - 1) if place else None
    return text if start is None or stop is None else f"{text}, at {start}, where the one before had ended at {stop}"


def _begun_at(known: Known, found: Derived, place: int) -> str | None:
    start_wh, rows = int(known.installations.start_wh[place]), found.counted.rows
    if start_wh != UNKNOWN:
        return _kwh(start_wh)
    at = int(np.searchsorted(rows.read_at_s, known.installations.installed_s[place]))
    is_read = at < len(rows.read_at_s) and rows.read_at_s[at] == known.installations.installed_s[place]
    return f"{_kwh(int(rows.energy_wh[at]))} ({READ_THEN})" if is_read else None


def _ended_at(known: Known, found: Derived, place: int) -> str | None:
    noted_wh, stop_wh = int(known.installations.stop_wh[place]), int(found.ended.stop_wh[place])
    if stop_wh == UNKNOWN:
        return None
    return _kwh(stop_wh) if noted_wh != UNKNOWN else f"{_kwh(stop_wh)} ({READ_THEN})"


def _kwh(wh: int) -> str:
    return f"{wh / 1000:.3f} kWh"


def _rule_of_mark(known: Known, found: Derived, at_s: int) -> str:
    mark, readings = mark_at(found, at_s), around(found, at_s)
    read_at_s = found.counted.rows.read_at_s
    before_s, after_s = int(read_at_s[readings.before]), int(read_at_s[readings.after])
    word = "an operator's reading" if are_operators(found.counted.rows)[[*readings]].any() else "a reading"
    is_ahead = bool(are_estimates(found.counted.rows)[readings.after])
    if before_s == after_s and is_ahead:
        return "an estimate ahead of the last reading"
    if before_s == after_s:
        return f"{word} on the hour"
    begin, end = _written(before_s, known.zone), _written(after_s, known.zone)
    gap = f"a gap of {_lasting(after_s - before_s)} between {begin} and {end}"
    gap += ", where an estimate stands ahead of the last reading" if is_ahead else ""
    if mark is not None and found.marks.is_shaped[mark]:
        return f"{gap}, {_signature(known, before_s)}"
    return f"it rises evenly over {gap}" + (", one of them an operator's reading" if word != "a reading" else "")


def _signature(known: Known, gap_from_s: int) -> str:
    month = month_of(local_day(np.array([gap_from_s]), known.zone))
    at, _ = of_months(known.signatures, known.rows.point_id[:1], month)
    one = known.signatures.take(at)
    side = "above" if known.is_cooling else "below"
    return (
        f"shaped by the signature of {month.astype('datetime64[D]').astype('datetime64[M]')[0]}:"
        f" base {one.base_w[0] / 1000:.3f} kW, {one.slope_w_per_c[0] / 1000:.3f} kW per degree {side}"
        f" {one.balance_centi_c[0] / 100:.2f} C, hourly temperatures of station {known.station_id}"
    )


def _lasting(seconds: int) -> str:
    hours, rest = divmod(seconds, HOUR_S)
    minutes, rest = divmod(rest, 60)
    named = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {unit}" for count, unit in named if count)


def _clock(at_s: int, zone: ZoneInfo) -> str:
    return shown(datetime.fromtimestamp(at_s, UTC), zone, "%H:%M")


def _written(at_s: int, zone: ZoneInfo) -> str:
    return shown(datetime.fromtimestamp(at_s, UTC), zone, "%Y-%m-%d %H:%M:%S" if at_s % 60 else "%Y-%m-%d %H:%M")
