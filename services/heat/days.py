"""Hours to local days."""

from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key, run_starts
from services.heat.hour_marks import ESTIMATED, HOUR_S, MEASURED, SHAPED, worse_of, worst_of_each
from services.heat.local_time import day_start_s, local_day
from services.heat.temperatures import flow_weighted_centi_c


class HourRows(NamedTuple):
    """Hours as they are stored: one row per owner and hour, sorted so; UNKNOWN where a value is not known."""

    owner: Int64
    starts_s: Int64
    energy_wh: Int64
    volume_l: Int64
    forward_lc: Int64
    return_lc: Int64
    supply_centi_c: Int64
    return_centi_c: Int64
    start_quality: Int64
    end_quality: Int64

    def take(self, which: Int64 | Bool) -> "HourRows":
        """Pick rows by index or mask."""
        return HourRows._make(column[which] for column in self)

    @property
    def quality(self) -> Int64:
        """The worse of the qualities of an hour's two marks."""
        worse = worse_of(self.start_quality, self.end_quality)
        return np.where(worse == SHAPED, ESTIMATED, worse)

    @property
    def is_measured(self) -> Bool:
        """True of hours of which both marks are measured."""
        return np.maximum(self.start_quality, self.end_quality) == MEASURED


class Days(NamedTuple):
    """Local calendar days: one row per owner and day, sorted so. Sums over hours with what they need known."""

    owner: Int64
    day: Int64
    energy_wh: Int64
    maximum_hour_wh: Int64
    hours_expected: Int64
    hours_present: Int64
    hours_measured: Int64
    is_measured: Int64
    volume_l: Int64
    forward_lc: Int64
    """Litres times their temperature, in whole litre-degrees, over the hours that both are known of."""
    forward_l: Int64
    """The litres of those hours."""
    return_lc: Int64
    return_l: Int64
    energy_return_wh_centi_c: Int64
    energy_with_return_wh: Int64
    quality: Int64
    register_wh: Int64
    """The register at the end of the day, running on over rollover and meter exchange; UNKNOWN until it is set."""
    register_l: Int64
    offset_wh: Int64
    """What is added to the meter's own register at the end of the day so that it runs on; UNKNOWN until it is set."""
    offset_l: Int64

    def take(self, which: Int64 | Bool) -> "Days":
        """Pick rows by index or mask."""
        return Days._make(column[which] for column in self)


def days_of(hours: HourRows, zone: ZoneInfo) -> Days:
    """Sum hours into local days, leaving out a day whose last hour is not there yet.

    hours: all known hours of each day that is to be summed. A day counts as measured when the marks at both its
    midnights are, so a meter read once a day has measured days; but not where one hour ends otherwise than the next
    begins, since then it is not known what was used between. Only measured hours set the highest one.
    Source: domain.md, Figures and VEE rule 6; pitfall 21.
    """
    day = local_day(hours.starts_s, zone)
    starts = run_starts(owner_time_key(hours.owner, day))
    if len(starts) == 0:
        return Days._make(np.zeros(0, np.int64) for _ in Days._fields)
    last = np.append(starts[1:], len(day)) - 1
    begins_s = day_start_s(day[starts], zone)
    ends_s = day_start_s(day[starts] + 1, zone)
    hour_is_measured = hours.is_measured
    maximum_wh = np.maximum.reduceat(np.where(hour_is_measured, hours.energy_wh, UNKNOWN), starts)
    both_midnights_measured = (
        (hours.starts_s[starts] == begins_s)
        & (hours.start_quality[starts] == MEASURED)
        & (hours.end_quality[last] == MEASURED)
        & ~np.logical_or.reduceat(_breaks(hours, starts), starts)
    )
    forward_lc, forward_l = _weighed(hours.forward_lc, hours.supply_centi_c, hours.volume_l, starts)
    return_lc, return_l = _weighed(hours.return_lc, hours.return_centi_c, hours.volume_l, starts)
    has_return = hours.return_centi_c != UNKNOWN
    return_centi_c = np.where(has_return, hours.return_centi_c, 0)
    days = Days(
        owner=hours.owner[starts],
        day=day[starts],
        energy_wh=np.add.reduceat(hours.energy_wh, starts),
        maximum_hour_wh=maximum_wh,
        hours_expected=(ends_s - begins_s) // HOUR_S,
        hours_present=last - starts + 1,
        hours_measured=np.add.reduceat(hour_is_measured.astype(np.int64), starts),
        is_measured=both_midnights_measured.astype(np.int64),
        volume_l=_whole_sum(hours.volume_l, starts),
        forward_lc=forward_lc,
        forward_l=forward_l,
        return_lc=return_lc,
        return_l=return_l,
        energy_return_wh_centi_c=np.add.reduceat(hours.energy_wh * return_centi_c, starts),
        energy_with_return_wh=np.add.reduceat(np.where(has_return, hours.energy_wh, 0), starts),
        quality=worst_of_each(hours.quality, starts),
        register_wh=np.full(len(starts), UNKNOWN),
        register_l=np.full(len(starts), UNKNOWN),
        offset_wh=np.full(len(starts), UNKNOWN),
        offset_l=np.full(len(starts), UNKNOWN),
    )
    return days.take(hours.starts_s[last] + HOUR_S == ends_s)


def _breaks(hours: HourRows, starts: Int64) -> Bool:
    """Tell which hours begin at their mark with another quality than the hour before, of the same day, ended with."""
    result = np.zeros(len(hours.owner), bool)
    follows = hours.starts_s[1:] == hours.starts_s[:-1] + HOUR_S
    result[1:] = follows & (hours.start_quality[1:] != hours.end_quality[:-1])
    result[starts] = False
    return result


def _weighed(integral_lc: Int64, centi_c: Int64, volume_l: Int64, starts: Int64) -> tuple[Int64, Int64]:
    """Sum litres times their temperature, and these litres, over hours that both are known of; zeros without any.

    The meter's integral counts where the hour's temperature is its own; a temperature from samples is multiplied, and
    each day's sum of these rounded once, half up.
    """
    known = (centi_c != UNKNOWN) & (volume_l != UNKNOWN)
    is_own = known & (flow_weighted_centi_c(integral_lc, volume_l) == centi_c)
    litres = np.where(known, volume_l, 0)
    own_lc = np.add.reduceat(np.where(is_own, integral_lc, 0), starts)
    sampled_l_centi_c = np.add.reduceat(np.where(known & ~is_own, litres * centi_c, 0), starts)
    return own_lc + (sampled_l_centi_c + 50) // 100, np.add.reduceat(litres, starts)


def _whole_sum(values: Int64, starts: Int64) -> Int64:
    """Sum what is known of every hour there is: held against their energy, a part would pass as a small flow."""
    known = values != UNKNOWN
    total = np.add.reduceat(np.where(known, values, 0), starts)
    return np.where(np.logical_and.reduceat(known, starts), total, UNKNOWN)
