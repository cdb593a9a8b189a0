"""What follows from a batch of readings: the rows to store and to tell of."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.days import Days, HourRows
from services.ingest.core.readings import ReadingRows
from services.ingest.core.vee.rules import FlagChanges, joined_flags


class PointStates(NamedTuple):
    """Where each metering point stands at its newest reading: (m,) each, sorted by point_id."""

    point_id: Int64
    newest_s: Int64
    """The newest of all that was read, whatever its verdict; of estimates ahead where nothing was."""
    accepted_s: Int64
    accepted: Int64
    """(m, 4): the registers of the newest accepted reading, as the meter shows them: Wh, l, E8, E9."""
    mark_s: Int64
    mark: Int64
    """(m, 4): the same registers at the newest full hour."""
    mark_quality: Int64
    offset: Int64
    """(m, 2): what is to be added to Wh and l so that they run on from the point's first meter."""
    unbroken: Int64
    has_open_samples: Int64
    """1 where the hour after the newest mark has temperature samples already, an exchange that was not noted, or a part
    of it in a volume that was bridged."""

    def take(self, which: Int64 | Bool) -> "PointStates":
        """Pick points by index or mask."""
        return PointStates._make(column[which] for column in self)


class Outcome(NamedTuple):
    """Everything that a batch changes; an unchanged row is not in here."""

    readings: ReadingRows
    """New readings with their verdicts."""
    rejudged: ReadingRows
    """Readings stored already whose verdict is another now."""
    hours: HourRows
    hour_revision: Int64
    """(h,) of each hour. An hour that is no longer known has the energy UNKNOWN."""
    hour_is_new: Bool
    days: Days
    day_revision: Int64
    day_is_new: Bool
    day_is_told: Bool
    """False where only the running register at the end of the day moved."""
    flags: FlagChanges
    states: PointStates
    shifts: "Shifts"
    far: Int64
    """(f,) metering points whose changes may reach further than whoever looks around the readings again will see."""


class Shifts(NamedTuple):
    """Running registers that move by the same amount on every day from one on: (s,) each."""

    point_id: Int64
    from_day: Int64
    delta_wh: Int64
    delta_l: Int64


NO_SHIFTS = Shifts(*(np.zeros(0, np.int64) for _ in Shifts._fields))


def no_days() -> Days:
    """Give days of no length."""
    return Days._make(np.zeros(0, np.int64) for _ in Days._fields)


def joined_outcomes(one: Outcome, other: Outcome) -> Outcome:
    """Put the outcomes of two sets of metering points together."""
    return Outcome(
        ReadingRows(*_joined(one.readings, other.readings)),
        ReadingRows(*_joined(one.rejudged, other.rejudged)),
        HourRows(*_joined(one.hours, other.hours)),
        np.concatenate((one.hour_revision, other.hour_revision)),
        np.concatenate((one.hour_is_new, other.hour_is_new)),
        Days(*_joined(one.days, other.days)),
        np.concatenate((one.day_revision, other.day_revision)),
        np.concatenate((one.day_is_new, other.day_is_new)),
        np.concatenate((one.day_is_told, other.day_is_told)),
        FlagChanges(*map(joined_flags, one.flags, other.flags)),
        PointStates(*_joined(one.states, other.states)),
        Shifts(*_joined(one.shifts, other.shifts)),
        np.concatenate((one.far, other.far)),
    )


def _joined(one: Iterable[Any], other: Iterable[Any]) -> Iterator[Any]:
    return (np.concatenate(pair) for pair in zip(one, other, strict=True))


def missing_hours(hours: HourRows) -> HourRows:
    """Turn hours into what is stored of them once they are no longer known."""
    unknown = np.full(len(hours.owner), UNKNOWN)
    nothing = np.zeros(len(hours.owner), np.int64)
    return hours._replace(
        energy_wh=unknown,
        volume_l=unknown,
        forward_lc=unknown,
        return_lc=unknown,
        supply_centi_c=unknown,
        return_centi_c=unknown,
        start_quality=nothing,
        end_quality=nothing,
    )
