"""The option of a meter whose register is shown in whole kWh: each day's energy is spread as evenly as that allows."""

from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN
from services.heat.days import HourRows
from services.heat.smoothing import smoothed_wh
from services.ingest.core.installations import Installations, smoothing_at
from services.ingest.core.vee.laid_out import LONGEST_DAY_HOURS, whole_days


def smoothed(hours: HourRows, installations: Installations, zone: ZoneInfo) -> HourRows:
    """Smooth the energy of whole local days whose meter has the option; all else stays.

    hours: sorted, each once, whole days wherever all of a day's hours are there at all. The meter is that which sits
    there as the day begins. Source: domain.md, VEE.
    """
    if not installations.smoothing.any():
        return hours
    days = whole_days(hours, zone)
    step_wh, is_on = smoothing_at(installations, days.owner, days.begins_s)
    first, counts, step_wh = days.first[is_on], days.counts[is_on], step_wh[is_on]
    places = np.arange(LONGEST_DAY_HOURS)
    is_there = places < counts[:, None]
    at = np.where(is_there, first[:, None] + places, 0)
    shown_wh = np.where(is_there, hours.energy_wh[at], 0)
    is_known = (shown_wh != UNKNOWN).all(axis=1)
    spread_wh = smoothed_wh(shown_wh[is_known], counts[is_known], step_wh[is_known])
    energy_wh = hours.energy_wh.copy()
    energy_wh[at[is_known][is_there[is_known]]] = spread_wh[is_there[is_known]]
    return hours._replace(energy_wh=energy_wh)
