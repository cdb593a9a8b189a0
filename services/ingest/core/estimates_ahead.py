"""What a metering point is expected to have used since its last reading, up to a midnight that an invoice waits for."""

from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from schemas.values import Key
from services.heat.arrays import Float64, Int64
from services.heat.hour_marks import HOUR_S
from services.ingest.core.documents import Text
from services.ingest.core.edits import Cause

MOST_POINTS = 500
"""In one request, all of which is done in one transaction."""
DAYS_BEFORE = 30
"""Of which the mean is taken where nothing better is known."""
LEAST_KNOWN_S = 24 * HOUR_S
"""Of these days must be known for their mean to be one."""


class EstimatesAhead(BaseModel):
    """For which metering points, and up to the beginning of which local day, what was used is to be estimated."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)

    who: Text
    cause: Cause
    metering_points: Annotated[tuple[Key, ...], Field(min_length=1, max_length=MOST_POINTS)]
    until: Annotated[date, Field(ge=date(1970, 1, 1))]
    dry_run: Annotated[bool, Field(strict=True)] = False


class Basis(StrEnum):
    """What an estimate rests on. The value is stored with it and shown."""

    SIGNATURE = "signature"
    YEAR_BEFORE = "same_days_a_year_before"
    MEAN = "mean_of_30_days_before"


class NotEstimated(StrEnum):
    """Why a metering point gets no estimate. The value stands in answers and is never renamed."""

    UNKNOWN_METERING_POINT = "unknown_metering_point"
    NEVER_READ = "never_read"
    ALREADY_KNOWN = "already_known"
    ANOTHER_METER = "another_meter"
    NOTHING_TO_GO_BY = "nothing_to_go_by"
    ABOVE_PLAUSIBLE_MAXIMUM = "above_plausible_maximum"

    @property
    def why(self) -> str:
        """What is in the way, and what to do."""
        return _WHY[self]


_WHY = {
    NotEstimated.UNKNOWN_METERING_POINT: "there is no such metering point here",
    NotEstimated.NEVER_READ: "no reading of it up to then counts, so that there is no register to go on from",
    NotEstimated.ALREADY_KNOWN: "its register at that midnight is known, or estimated already; withdraw that first",
    NotEstimated.ANOTHER_METER: (
        "another meter sits there by then, or none; say what it showed with: kulvert edit correct"
    ),
    NotEstimated.NOTHING_TO_GO_BY: (
        "neither a signature with temperatures, nor the year before, nor a whole day of the month before is known"
    ),
    NotEstimated.ABOVE_PLAUSIBLE_MAXIMUM: "that would be more than its maximum_kw allows; mend that",
}


class Used(NamedTuple):
    """What hours that are known sum to within a span, those at its ends by their share; energies in watt-seconds."""

    energy_ws: int
    seconds: int
    """Of the span, that are known."""
    volume_ls: int
    """Litre-seconds of the hours whose volume is known, of which an hour has 3,600 a litre."""
    energy_with_volume_ws: int


def by_signature(expected_kw: Float64, hour_s: Int64, from_s: int, to_s: int) -> int | None:
    """Sum the power expected of each hour to Wh, of the hours at both ends by their share.

    expected_kw, hour_s: (h,) of all hours that the span lies in. None where one of them is not known. Powers are whole
    W, at least 1, as when a gap is shaped.
    """
    if np.isnan(expected_kw).any():
        return None
    expected_w = np.rint(expected_kw * 1_000).astype(np.int64).clip(1)
    inside_s = np.minimum(hour_s + HOUR_S, to_s) - np.maximum(hour_s, from_s)
    return whole(int((expected_w * inside_s).sum()), HOUR_S)


def by_year_before(used: Used, span_s: int) -> int | None:
    """Give what the same days used a year before; None where some of it is not known. span_s: how long they were."""
    return whole(used.energy_ws, HOUR_S) if used.seconds == span_s else None


def by_mean(used: Used, span_s: int) -> int | None:
    """Give what a span of that length uses at the mean of other days; None where too little of those is known."""
    return whole(used.energy_ws * span_s, HOUR_S * used.seconds) if used.seconds >= LEAST_KNOWN_S else None


def volume_with(energy_wh: int, used: Used) -> int | None:
    """Give the litres that go with an energy, as with that of other days; None where no volume of those is known."""
    if used.energy_with_volume_ws:
        return whole(energy_wh * used.volume_ls, used.energy_with_volume_ws)
    return 0 if energy_wh == 0 else None


def whole(dividend: int, divisor: int) -> int:
    """Divide, and round half up."""
    return (2 * dividend + divisor) // (2 * divisor)
