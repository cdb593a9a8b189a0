"""Where weather stations stand, and which of them stand near each other."""

from collections.abc import Iterable
from math import asin, cos, radians, sin, sqrt
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0
NEAR_WITHIN_KM = 100.0
"""A station further away says too little about the weather here to stand in for it unasked."""


class Place(NamedTuple):
    """A point on Earth in decimal degrees."""

    latitude: float
    longitude: float


def distance_km(one: Place, other: Place) -> float:
    """Give the distance along the great circle, by the haversine formula."""
    north = radians(other.latitude - one.latitude) / 2
    east = radians(other.longitude - one.longitude) / 2
    squared = sin(north) ** 2 + cos(radians(one.latitude)) * cos(radians(other.latitude)) * sin(east) ** 2
    return 2 * EARTH_RADIUS_KM * asin(min(1.0, sqrt(squared)))


def nearest(place: Place, others: Iterable[tuple[str, Place]]) -> str | None:
    """Name the nearest of other stations; of equally near ones the first by name. None where none is near enough."""
    distances = sorted((distance_km(place, where), name) for name, where in others)
    return next((name for km, name in distances if km <= NEAR_WITHIN_KM), None)
