"""What became of a reading."""

from enum import IntEnum


class Verdict(IntEnum):
    """The answer to one reading. The number is stored, the name is shown; neither is ever changed."""

    ACCEPTED = 1
    SUPERSEDED = 2
    WITHDRAWN = 3
    DUPLICATE = 4

    REGISTER_WENT_BACKWARDS = 10
    ABOVE_PLAUSIBLE_MAXIMUM = 11
    SENTINEL = 12
    METER_NOT_INSTALLED = 13
    REGISTER_ABOVE_MODULUS = 14
    OUTAGE_ZERO = 15
    UNREGISTERED_EXCHANGE = 16

    UNKNOWN_METER = 20
    UNKNOWN_METERING_POINT = 21
    NOT_ALLOWED_FOR_SOURCE = 22

    INVALID = 30
    NAIVE_TIME = 31
    TIME_OUT_OF_RANGE = 32
    TIME_IN_FUTURE = 33
    NOT_FINITE = 34
    NEGATIVE_REGISTER = 35
    OUT_OF_RANGE = 36
    UNKNOWN_FIELD = 37
    WRONG_TYPE = 38
    FIELD_MISSING = 39
    DUPLICATE_KEY = 40
    NO_METER_NAMED = 41

    @property
    def label(self) -> str:
        """The name that people and interfaces see, for example `register_went_backwards`."""
        return self.name.lower()


FIRST_REFUSED = int(Verdict.REGISTER_WENT_BACKWARDS)
"""Verdicts of this number or above refuse a reading."""

JUDGED = (
    Verdict.ACCEPTED,
    Verdict.REGISTER_WENT_BACKWARDS,
    Verdict.ABOVE_PLAUSIBLE_MAXIMUM,
    Verdict.OUTAGE_ZERO,
    Verdict.UNREGISTERED_EXCHANGE,
)
"""Verdicts that the readings around decide, so that they may change when those do."""

NOT_REFUSED = (Verdict.ACCEPTED, Verdict.SUPERSEDED, Verdict.WITHDRAWN, Verdict.DUPLICATE)
"""Verdicts that ask nothing of an operator."""
