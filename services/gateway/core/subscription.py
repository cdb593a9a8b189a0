"""Subscription power as a visitor reads it: which power counts, what a winter's measurement said, and its chart."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from services.gateway.core import formats
from services.heat.power_methods import METHODS
from services.heat.power_methods.decision import Decision
from services.heat.power_methods.highest import OF_MONTH
from services.heat.power_methods.measurement import Statistic

Row = Mapping[str, Any]


def in_force(powers: Sequence[Row], day: date) -> Row | None:
    """Give the power that counts on a day, None before the first. powers: newest first."""
    found = next((power for power in powers if power["valid_from"] <= day), None)
    return found if found and found["kw"] is not None else None


def coming(powers: Sequence[Row], day: date) -> Row | None:
    """Give the next power that counts from a later day on, None where there is none. powers: newest first."""
    return next((power for power in reversed(powers) if power["valid_from"] > day and power["kw"] is not None), None)


def lasting(powers: Sequence[Row], contracts: Sequence[Row]) -> list[Row]:
    """Give the powers that are in force from their day on, newest first; one without kW where all before it end.

    They do where a contract begins to be billed by each month's own peaks. What is entered meanwhile is of one month.
    """
    of_months = [one for one in contracts if _is_of_months(one)]
    kept = [power for power in powers if not any(_holds(one, power["valid_from"]) for one in of_months)]
    ends: list[Row] = [{"valid_from": one["valid_from"], "kw": None, "unit": "kW"} for one in of_months]
    return sorted([*kept, *ends], key=lambda power: power["valid_from"], reverse=True)


def counting(contracts: Sequence[Row], day: date) -> Row | None:
    """Give the contract that counts on a day, None where none does."""
    return next((one for one in contracts if _holds(one, day)), None)


def months_method(contracts: Sequence[Row], day: date) -> str | None:
    """Name the method by which each month is billed by its own power, None where a power in force counts."""
    found = counting(contracts, day)
    return found["power_method"] if found and _is_of_months(found) else None


def _holds(contract: Row, day: date) -> bool:
    return bool(contract["valid_from"] <= day and (contract["valid_to"] is None or contract["valid_to"] > day))


def _is_of_months(contract: Row) -> bool:
    return contract["power_method"] in OF_MONTH


def verdict(found: Row, words: Mapping[str, Any], language: str) -> str:
    """Say in a sentence what a determination measured and what follows, or why nothing could be determined."""
    winter = found["winter"]
    if found["measured_kw"] is None:
        return str(words["not_determined"].format(winter=winter, reason=words[f"reason_{found['reason']}"]))
    kind, unit = ("energy", "MWh") if found["method"] == "yearly_energy" else ("power", "kW")
    measured = f"{formats.number(found['measured_kw'], 2, language)}\u00a0{unit}"
    at = read_at(found["method"], words, language)
    if found["in_force_kw"] is None:
        said = f"{kind}_in_place" if found["decision"] == Decision.CHANGED else f"{kind}_nothing_in_force"
        return str(words[said].format(winter=winter, measured=measured, at=at, since=found["effective_on"]))
    compared = {
        "winter": winter,
        "measured": measured,
        "at": at,
        "in_force": f"{kilowatts(found['in_force_kw'], language)}\u00a0{unit}",
        "deviation": formats.percent_signed((found["measured_kw"] / found["in_force_kw"] - 1) * 100, language),
        "since": found["effective_on"],
    }
    return str(words[f"{kind}_{found['decision']}"].format(**compared))


def read_at(method: str, words: Mapping[str, Any], language: str) -> str:
    """Say at which outdoor temperature a method reads its line; empty where it draws none."""
    celsius = METHODS[method].read_at_c
    if celsius is None:
        return ""
    return str(words["at_c"].format(celsius=formats.number(celsius, 0 if celsius.is_integer() else 1, language)))


def kilowatts(kw: Any, language: str) -> str:
    """Write the figure of a subscription power: whole kW, or with the decimals that staff entered."""
    return formats.number(kw, 0 if kw == int(kw) else 2, language)


def measured_in(method: str) -> str:
    """Name what a method looks at of a day, among the words of charts."""
    return "daily_mean" if METHODS[method].statistic is Statistic.MEAN_POWER else "highest"


def power_chart(
    found: Row, in_force_kw: float | None, points: Sequence[Row], words: Mapping[str, Any], language: str
) -> dict[str, Any]:
    """Lay a determination out: each day's mean temperature and power, the line, and the value where it is read off.

    A day without a temperature has no place in it. words: in which its own are said, by its method.
    """
    slope, intercept, method = found["slope_kw_per_c"], found["intercept_kw"], found["method"]
    placed = [point for point in points if point["mean_c"] is not None]
    shown, at = measured_in(method), read_at(method, words, language)
    return {
        "labels": [formats.day_label(date.fromisoformat(point["day"]), language) for point in placed],
        "days": [[round(point["mean_c"], 1), round(point["kw"], 1)] for point in placed],
        "line": None if slope is None or intercept is None else [slope, intercept],
        "read_at_c": METHODS[method].read_at_c,
        "measured_kw": None if found["measured_kw"] is None else float(found["measured_kw"]),
        "in_force_kw": in_force_kw,
        "words": {
            "highest": words["chart"][shown],
            "highest_axis": words["chart"][f"{shown}_axis"],
            "value": words["chart"]["value"].format(at=at),
        },
    }
