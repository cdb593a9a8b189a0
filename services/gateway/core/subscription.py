"""Subscription power as a visitor reads it: which power counts, what a winter's measurement said, and its chart."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from schemas.peaks import PEAK_RULES
from services.gateway.core import formats

READ_AT_C = -5.0
Row = Mapping[str, Any]


def in_force(powers: Sequence[Row], day: date) -> Row | None:
    """Give the power that counts on a day, None before the first. powers: newest first."""
    return next((power for power in powers if power["valid_from"] <= day), None)


def coming(powers: Sequence[Row], day: date) -> Row | None:
    """Give the next power that counts from a later day on, None where there is none. powers: newest first."""
    return next((power for power in reversed(powers) if power["valid_from"] > day), None)


def counting(contracts: Sequence[Row], day: date) -> Row | None:
    """Give the contract that counts on a day, None where none does."""
    found = (
        one for one in contracts if one["valid_from"] <= day and (one["valid_to"] is None or one["valid_to"] > day)
    )
    return next(found, None)


def months_method(contracts: Sequence[Row], day: date) -> str | None:
    """Name the method by which each month is billed by its own power, None where a power in force counts."""
    found = counting(contracts, day)
    rule = PEAK_RULES.get(found["power_method"] or "") if found else None
    return rule.name if rule and rule.is_of_month else None


def verdict(found: Row, words: Mapping[str, Any], language: str) -> str:
    """Say in a sentence what a determination measured and what follows, or why nothing could be determined."""
    winter = found["winter"]
    if found["measured_kw"] is None:
        return str(words["not_determined"].format(winter=winter, reason=words[f"reason_{found['reason']}"]))
    kind, unit = ("energy", "MWh") if found["method"] == "yearly_energy" else ("power", "kW")
    measured = f"{formats.number(found['measured_kw'], 2, language)}\u00a0{unit}"
    if found["in_force_kw"] is None:
        return str(words[f"{kind}_nothing_in_force"].format(winter=winter, measured=measured))
    said = {
        "winter": winter,
        "measured": measured,
        "in_force": f"{kilowatts(found['in_force_kw'], language)}\u00a0{unit}",
        "deviation": formats.percent_signed((found["measured_kw"] / found["in_force_kw"] - 1) * 100, language),
        "since": found["effective_on"],
    }
    return str(words[f"{kind}_{found['decision']}"].format(**said))


def kilowatts(kw: Any, language: str) -> str:
    """Write the figure of a subscription power: whole kW, or with the decimals that staff entered."""
    return formats.number(kw, 0 if kw == int(kw) else 2, language)


def power_chart(found: Row, in_force_kw: float | None, points: Sequence[Row], language: str) -> dict[str, Any]:
    """Lay a determination out: each day's mean temperature and highest hour, the line, and its value at -5 C."""
    slope, intercept = found["slope_kw_per_c"], found["intercept_kw"]
    return {
        "labels": [formats.day_label(date.fromisoformat(point["day"]), language) for point in points],
        "days": [[round(point["mean_c"], 1), round(point["kw"], 1)] for point in points],
        "line": None if slope is None or intercept is None else [slope, intercept],
        "read_at_c": READ_AT_C,
        "measured_kw": None if found["measured_kw"] is None else float(found["measured_kw"]),
        "in_force_kw": in_force_kw,
    }
