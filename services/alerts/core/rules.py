"""Rules: what a customer wants to be told of, and when a value is out of bounds or back."""

from dataclasses import dataclass
from uuid import UUID

import numpy as np

from schemas.alerts import Direction, Quantity
from schemas.values import PointId, UserId
from services.heat.arrays import Bool, Float64, Int64

BY_THE_HOUR = frozenset({Quantity.RETURN_TEMPERATURE, Quantity.HOURLY_POWER})


@dataclass(frozen=True)
class Rule:
    """One rule of one metering point. Limits and hysteresis in C or kW, None: not watched in that season.

    minimum_values: how many measured values (hours or days) in a row must be out before an episode opens.
    user_id: whose rule it is, None for one that the utility set up for everybody who sees the point.
    """

    rule_id: UUID
    point_id: PointId
    user_id: UserId | None
    quantity: Quantity
    direction: Direction
    summer_limit: float | None
    winter_limit: float | None
    hysteresis: float
    minimum_values: int

    @property
    def is_hourly(self) -> bool:
        """True where the rule is judged by the hour, false where by the local day."""
        return self.quantity in BY_THE_HOUR


@dataclass(frozen=True)
class Series:
    """The measured values of one rule's quantity: n of them, by rising time.

    starts_s, ends_s: (n,) seconds since 1970. values: (n,) C or kW. is_winter: (n,) which limit counts.
    Estimates are left out: they neither open nor close.
    """

    starts_s: Int64
    ends_s: Int64
    values: Float64
    is_winter: Bool


@dataclass(frozen=True)
class Bounds:
    """Each value of a series against its rule: limit (n,), out of bounds (n,), back in them (n,)."""

    limit: Float64
    is_out: Bool
    is_back: Bool


def bounds(series: Series, rule: Rule) -> Bounds:
    """Hold each value against the limit of its season.

    Out is beyond the limit itself; back is the hysteresis inside it, so a value that trembles around the limit
    is one episode. A season without a limit has every value back.
    """
    summer = np.nan if rule.summer_limit is None else rule.summer_limit
    winter = np.nan if rule.winter_limit is None else rule.winter_limit
    limit = np.where(series.is_winter, winter, summer)
    # Comparing with NaN is false: without a limit nothing is out.
    if rule.direction is Direction.ABOVE:
        is_out, is_back = series.values > limit, series.values <= limit - rule.hysteresis
    else:
        is_out, is_back = series.values < limit, series.values >= limit + rule.hysteresis
    return Bounds(limit, is_out, is_back | np.isnan(limit))
