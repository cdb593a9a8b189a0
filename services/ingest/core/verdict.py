"""What became of a reading."""

from enum import IntEnum


class Verdict(IntEnum):
    """The answer to one reading. The number is stored, the name is shown; neither is ever changed."""

    ACCEPTED = 1
    SUPERSEDED = 2
    WITHDRAWN = 3
    DUPLICATE = 4
    OVERTAKEN_ESTIMATE = 5
    STOP_REGISTER = 6

    REGISTER_WENT_BACKWARDS = 10
    ABOVE_PLAUSIBLE_MAXIMUM = 11
    SENTINEL = 12
    METER_NOT_INSTALLED = 13
    REGISTER_ABOVE_MODULUS = 14
    OUTAGE_ZERO = 15
    UNREGISTERED_EXCHANGE = 16
    CONFLICTING_VALUES = 17
    IMPLAUSIBLE_STOP = 18

    UNKNOWN_METER = 20
    UNKNOWN_METERING_POINT = 21
    NOT_ALLOWED_FOR_SOURCE = 22
    OLDER_THAN_KEPT = 23

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

    @property
    def why(self) -> str | None:
        """What is wrong with a reading that is stored and not used, and what to do; None where that was said before."""
        return _WHY.get(self)


_WHY = {
    Verdict.REGISTER_WENT_BACKWARDS: (
        "a register is lower than before, or than behind; take it back with: kulvert edit withdraw, say what it was"
        " with: kulvert edit correct, or put the meter that sits there now, or the modulus of one that has"
        " rolled over, with: kulvert import meters"
    ),
    Verdict.ABOVE_PLAUSIBLE_MAXIMUM: (
        "the register rises faster than the metering point's maximum_kw allows; take it back with: kulvert edit"
        " withdraw, say that it is right with: kulvert edit accept, or put a higher maximum_kw with: kulvert import"
        " metering-points"
    ),
    Verdict.SENTINEL: (
        "the meter sent its sign for 'no value'; nothing is to be done, the hours are estimated;"
        " off the work list with: kulvert edit settle"
    ),
    Verdict.METER_NOT_INSTALLED: (
        "no meter, or another, sat there then; put where it sat with: kulvert import meters, or"
        " kulvert edit assign-meter"
    ),
    Verdict.REGISTER_ABOVE_MODULUS: "the register is above the meter's modulus; mend it with: kulvert import meters",
    Verdict.OUTAGE_ZERO: (
        "zeros of a meter without power; nothing is to be done, the hours between are estimated;"
        " off the work list with: kulvert edit settle"
    ),
    Verdict.UNREGISTERED_EXCHANGE: (
        "it goes on from registers that were refused, as another meter's do; put that one with: kulvert import meters,"
        " or take the refused ones back with: kulvert edit withdraw"
    ),
    Verdict.CONFLICTING_VALUES: (
        "another reading of this instant says something else, and neither says when it was recorded; which of them"
        " counts is a toss: import the right file again with: kulvert import readings --recorded-at, or say which is"
        " right with: kulvert edit correct"
    ),
    Verdict.IMPLAUSIBLE_STOP: (
        "read as the meter was removed, but lower than its last reading before, or higher than the metering point's"
        " maximum_kw allows; put what the meter ended at as its stop register with: kulvert import meters, or kulvert"
        " edit assign-meter"
    ),
    Verdict.UNKNOWN_METER: "put it with: kulvert import meters; its readings are kept and judged then",
    Verdict.UNKNOWN_METERING_POINT: (
        "put it with: kulvert import metering-points; its readings are kept and judged then"
    ),
}


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

NOT_REFUSED = (
    Verdict.ACCEPTED,
    Verdict.SUPERSEDED,
    Verdict.WITHDRAWN,
    Verdict.DUPLICATE,
    Verdict.OVERTAKEN_ESTIMATE,
    Verdict.STOP_REGISTER,
)
"""Verdicts that ask nothing of an operator."""
