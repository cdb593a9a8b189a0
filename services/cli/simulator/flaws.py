"""The flaws of real meters and head-ends: what there is, and how often."""

from collections.abc import Mapping
from enum import Enum, StrEnum


class Per(Enum):
    """What a flaw's rate counts."""

    METER = "share of the meters"
    YEAR = "times per meter and year"
    READING = "share of the readings"


class Flaw(StrEnum):
    """A kind of flaw, as the truth names it."""

    RESOLUTION = "resolution"
    """The register counts whole kWh only."""
    ROLLOVER = "rollover"
    """The register starts again at zero within the period."""
    EXCHANGE = "exchange"
    """Another meter is installed, whose registers begin elsewhere."""
    CLOCK_CHANGE = "clock_change"
    """For some hours after the clock change, readings are stamped by the clock as it was before."""
    GAP = "gap"
    """Readings are missing and never come."""
    OUTAGE = "outage"
    """Readings come with zeros in every register."""
    DUPLICATE = "duplicate"
    """A reading is delivered again."""
    OUT_OF_ORDER = "out_of_order"
    """A reading comes after the ones that follow it."""
    LATE = "late"
    """A reading comes hours to days late."""
    SENTINEL = "sentinel"
    """The register shows the number that stands for "no value"."""
    SPIKE = "spike"
    """The register jumps beyond anything possible and back."""
    CORRECTION = "correction"
    """A wrong value comes first, the right one later."""
    WITHDRAWAL = "withdrawal"
    """A reading that never was comes first, and is taken back later."""
    FALLEN_REGISTER = "fallen_register"
    """One reading's register lies far below the one before."""
    FALSE_PEAK = "false_peak"
    """One reading shows what the meter showed an hour before."""
    COUNTERS_DISAGREE = "counters_disagree"
    """While energy is counted, the integrals of temperature stand still; the volume where the meter has none."""
    DEAD_SENSOR = "dead_sensor"
    """A temperature sensor shows the same value for days."""
    WRONG_CLOCK = "wrong_clock"
    """The meter's clock is minutes off for hours to days."""


RATES: Mapping[Flaw, tuple[Per, float]] = {
    Flaw.RESOLUTION: (Per.METER, 0.40),
    Flaw.ROLLOVER: (Per.METER, 0.04),
    Flaw.CLOCK_CHANGE: (Per.METER, 0.10),
    Flaw.EXCHANGE: (Per.YEAR, 0.10),
    Flaw.GAP: (Per.YEAR, 4.0),
    Flaw.OUTAGE: (Per.YEAR, 1.0),
    Flaw.DUPLICATE: (Per.READING, 0.002),
    Flaw.OUT_OF_ORDER: (Per.READING, 0.003),
    Flaw.LATE: (Per.READING, 0.002),
    Flaw.SENTINEL: (Per.READING, 0.0003),
    Flaw.SPIKE: (Per.READING, 0.0003),
    Flaw.CORRECTION: (Per.READING, 0.0005),
    Flaw.WITHDRAWAL: (Per.READING, 0.0003),
    Flaw.FALLEN_REGISTER: (Per.READING, 0.0002),
    Flaw.FALSE_PEAK: (Per.READING, 0.0002),
    Flaw.COUNTERS_DISAGREE: (Per.YEAR, 0.2),
    Flaw.DEAD_SENSOR: (Per.YEAR, 0.2),
    Flaw.WRONG_CLOCK: (Per.YEAR, 0.2),
}
"""Every flaw with what its rate counts and how often it usually occurs."""

Rates = Mapping[Flaw, float]
NO_FLAWS: Rates = dict.fromkeys(Flaw, 0.0)
USUAL_FLAWS: Rates = {flaw: rate for flaw, (_, rate) in RATES.items()}


def rates(text: str) -> Rates:
    """Read "usual", "none", or either with rates of one's own behind it, such as "none,gap=12,exchange=1".

    Raises ValueError, with what to write instead.
    """
    first, *changes = [part.strip() for part in text.split(",")]
    if first not in ("usual", "none"):
        raise ValueError(f"begin with 'usual' or 'none', not with '{first}', such as: none,gap=12")
    result = dict(USUAL_FLAWS if first == "usual" else NO_FLAWS)
    for change in changes:
        name, _, number = change.partition("=")
        if name not in set(Flaw):
            raise ValueError(f"there is no flaw '{name}'; there are {', '.join(Flaw)}")
        result[Flaw(name)] = _rate(Flaw(name), number)
    return result


def _rate(flaw: Flaw, number: str) -> float:
    per, _ = RATES[flaw]
    most = 1_000.0 if per is Per.YEAR else 1.0 if per is Per.METER else 0.1
    try:
        rate = float(number)
    except ValueError:
        rate = -1.0
    if not 0 <= rate <= most:
        raise ValueError(f"{flaw} needs a number from 0 to {most:g} ({per.value}), such as {flaw}={RATES[flaw][1]:g}")
    return rate
