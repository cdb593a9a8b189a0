"""The hours of an observation, read one by one: a bad one costs only itself."""

from collections.abc import Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import ValidationError

from schemas.weather import HourlyTemperature
from services.common.faults import reason
from services.ingest.core.observed import HourRefusal, RefusedHour, refused_hour
from services.ingest.core.said import storable

Hour = TypeVar("Hour", bound=HourlyTemperature)

LONGEST_FIELD = 60

_CODES = {
    "missing": HourRefusal.FIELD_MISSING,
    "extra_forbidden": HourRefusal.UNKNOWN_FIELD,
    "timezone_aware": HourRefusal.NAIVE_TIME,
    "finite_number": HourRefusal.NOT_FINITE,
    "greater_than_equal": HourRefusal.OUT_OF_RANGE,
    "less_than_equal": HourRefusal.OUT_OF_RANGE,
    "float_type": HourRefusal.WRONG_TYPE,
    "datetime_type": HourRefusal.WRONG_TYPE,
    "model_type": HourRefusal.WRONG_TYPE,
    "model_attributes_type": HourRefusal.WRONG_TYPE,
}
"""By the type that pydantic gives a fault; every other one is of how a value is written."""


class ObservedHours(NamedTuple, Generic[Hour]):
    """The hours that can be stored, and those that are refused, both in the order in which they were given."""

    taken: tuple[Hour, ...]
    refused: tuple[RefusedHour, ...]


def observed_hours(values: Sequence[Any], kind: type[Hour], latest_s: int) -> ObservedHours[Hour]:
    """Read each value as an hour of one kind; of a bad one its first fault is told.

    latest_s: the latest instant that an hour may begin at, by the clock of the door that it came in by.
    """
    taken: list[Hour] = []
    refused: list[RefusedHour] = []
    for item, value in enumerate(values):
        try:
            hour = kind.model_validate(value)
        except ValidationError as error:
            refused.append(_misfit(item, error))
            continue
        if (fault := refused_hour(item, hour.starts_at, latest_s)) is not None:
            refused.append(fault)
        else:
            taken.append(hour)
    return ObservedHours(tuple(taken), tuple(refused))


def _misfit(item: int, error: ValidationError) -> RefusedHour:
    fault = error.errors(include_input=False, include_url=False)[0]
    field = storable(".".join(map(str, fault["loc"])))[:LONGEST_FIELD]
    return RefusedHour(item, field, _CODES.get(fault["type"], HourRefusal.INVALID), reason(fault))
