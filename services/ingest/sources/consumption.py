"""Consumption by the hour, which is no register and must not be taken for one."""

import numpy as np

from services.heat.arrays import Int64
from services.ingest.sources.refusals import UnreadableFileError

LOOKED_AT = 100_000
"""Lines from the file's beginning: what a file holds shows in its first days."""
FEWEST_FALLS, LARGEST_SHARE = 10, 4
"""More falls than a file of registers has, with all its exchanges and slips: ten, and one step in four."""


def refuse_consumption(meter: Int64, at_us: Int64, energy_wh: Int64) -> None:
    """Refuse a file whose energy column falls as often as it rises. Raises UnreadableFileError."""
    meter, at_us, energy_wh = meter[:LOOKED_AT], at_us[:LOOKED_AT], energy_wh[:LOOKED_AT]
    order = np.lexsort((energy_wh, at_us, meter))
    is_step = np.diff(meter[order]) == 0
    is_step &= np.diff(at_us[order]) > 0
    rise = np.diff(energy_wh[order])[is_step]
    falls = int((rise < 0).sum())
    if falls >= FEWEST_FALLS and LARGEST_SHARE * falls > int((rise != 0).sum()):
        raise UnreadableFileError(
            f"the energy column falls in {falls:,} of {len(rise):,} steps, as what was used in each hour does, or the"
            " registers of several meters under one name, or figures of several kinds; Kulvert takes the meter's"
            " register: export that, with a column that names the meter, and choose its lines with [[only]]"
        )
