"""Which metering point a reading belongs to, by its meter's serial or the metering point's own number."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np

from services.heat.arrays import UNKNOWN, Bool, Int64, owner_time_key
from services.ingest.core.installations import Installations
from services.ingest.core.verdict import Verdict


@dataclass(frozen=True)
class Reference:
    """All metering points, meters and installations at one moment."""

    point_by_number: Mapping[str, int]
    number_by_point: Mapping[int, str]
    meter_by_serial: Mapping[str, int]
    point_id: Int64
    """(p,) sorted."""
    maximum_w: Int64
    """(p,) the highest plausible power of each metering point."""
    station_id: Sequence[str | None]
    """Of each metering point, whose temperatures count for it."""
    is_cooling: Bool
    installations: Installations
    settled_until_s: int = UNKNOWN
    """No reading up to this instant is taken: what lay around it is no longer kept."""

    def maximum_of(self, point_id: Int64) -> Int64:
        """Give the highest plausible power of known metering points, in W."""
        return self.maximum_w[np.searchsorted(self.point_id, point_id)]

    def cooling_of(self, point_id: Int64) -> Bool:
        """Tell which known metering points are of cooling."""
        return self.is_cooling[np.searchsorted(self.point_id, point_id)]


class Identified(NamedTuple):
    """Where readings belong: (n,) each."""

    point_id: Int64
    """0 where no metering point was found."""
    meter_id: Int64
    """0 where no meter was named, or one that is not known."""
    refusal: Int64
    """0, or why no metering point was found."""


class Names(NamedTuple):
    """Names of readings as codes into a list, -1 where none is given: few different names, many readings."""

    codes: Int64
    names: Sequence[str]

    def looked_up(self, known: Mapping[str, int]) -> Int64:
        """Give the id behind each reading's name; 0 for an unknown name, -1 where none is given."""
        ids = np.array([*(known.get(name, 0) for name in self.names), -1], np.int64)
        return ids[self.codes]

    def digests(self) -> Int64:
        """Give a number for each reading's name, the same in every process and database; 0 where none is given."""
        return np.array([*(crc32(name.encode()) for name in self.names), 0], np.int64)[self.codes]


def identify(reference: Reference, serial: Names, number: Names, read_at_s: Int64) -> Identified:
    """Find each reading's metering point: by number where one is given, else by where the meter sat at that time.

    A meter named beside a number must be known, and is judged later, against the meter that was installed there.
    """
    meter_id = serial.looked_up(reference.meter_by_serial)
    by_number = number.looked_up(reference.point_by_number)
    by_meter = _place_of(reference.installations, meter_id, read_at_s)
    point_id = np.where(by_number > 0, by_number, np.where(by_number < 0, by_meter, 0))
    refusal = np.select(
        [
            read_at_s <= reference.settled_until_s,
            (by_number < 0) & (meter_id < 0),
            by_number == 0,
            meter_id == 0,
            point_id > 0,
        ],
        [
            int(Verdict.OLDER_THAN_KEPT),
            int(Verdict.NO_METER_NAMED),
            int(Verdict.UNKNOWN_METERING_POINT),
            int(Verdict.UNKNOWN_METER),
            0,
        ],
        int(Verdict.METER_NOT_INSTALLED),
    )
    return Identified(point_id, meter_id.clip(0), refusal)


def _place_of(installations: Installations, meter_id: Int64, at_s: Int64) -> Int64:
    if len(installations.meter_id) == 0:
        return np.zeros(len(meter_id), np.int64)
    order = np.lexsort((installations.installed_s, installations.meter_id))
    keys = owner_time_key(installations.meter_id[order], installations.installed_s[order])
    index = np.searchsorted(keys, owner_time_key(meter_id.clip(0), at_s), side="right") - 1
    place = order[index.clip(0)]
    # What a meter shows as it is removed is its stop register there, unless it sits elsewhere from then on.
    sits = (index >= 0) & (installations.meter_id[place] == meter_id) & (at_s <= installations.removed_s[place])
    return np.where(sits, installations.point_id[place], 0)
