"""Charts as data: one slot per interval, with the words of each slot; the browser only draws."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from services.gateway.core import formats
from services.gateway.core.spans import Span, hour_starts
from services.gateway.core.subscription import in_force

WH_PER_KWH = 1000
MONDAY = 0
MONDAYS_UP_TO_DAYS = 92


def day_chart(
    rows: Sequence[Mapping[str, Any]],
    year_before: Sequence[Mapping[str, Any]],
    asked: Span,
    powers: Sequence[Mapping[str, Any]],
    language: str,
) -> dict[str, Any]:
    """Lay days out: energy in kWh, the same date a year before, outdoor degrees, and power in kW.

    A day without figures is None, never 0. powers: newest first, each with `valid_from`, `kw` and `unit`; a yearly
    energy is no power, and is not drawn.
    """
    found = {row["day"]: row for row in rows}
    before = {row["day"]: row for row in year_before}
    slots = [asked.first + timedelta(days=index) for index in range(asked.days)]
    shown = [found.get(day) for day in slots]
    return {
        "resolution": "day",
        "labels": [formats.day_label(day, language) for day in slots],
        "ticks": _ticks(slots, language),
        "links": [day.isoformat() for day in slots],
        "energy_kwh": [_kwh(row, "energy_wh") for row in shown],
        "quality": [row["quality"] if row and row["energy_wh"] is not None else "missing" for row in shown],
        "before_kwh": [_kwh(before.get(year_before_day(day)), "energy_wh") for day in slots] if before else [],
        "outdoor_c": [_one(row["outdoor_c"]) if row else None for row in shown],
        "highest_kw": [_kwh(row, "maximum_hour_wh") for row in shown],
        "in_force_kw": [_in_force_kw(powers, day) for day in slots],
    }


def hour_chart(
    rows: Sequence[Mapping[str, Any]],
    asked: Span,
    powers: Sequence[Mapping[str, Any]],
    zone: ZoneInfo,
    language: str,
) -> dict[str, Any]:
    """Lay hours out: energy in kWh, which is the mean power in kW; days of 23 and 25 hours come right."""
    found = {row["starts_at"]: row for row in rows}
    slots = hour_starts(asked, zone)
    shown = [found.get(start) for start in slots]
    local = [start.astimezone(zone) for start in slots]
    return {
        "resolution": "hour",
        "labels": [formats.hour_label(start, language) for start in local],
        "ticks": [formats.day_tick(start, language) if start.hour == 0 else "" for start in local],
        "links": [],
        "energy_kwh": [_kwh(row, "energy_wh") for row in shown],
        "quality": [row["quality"] if row and row["energy_wh"] is not None else "missing" for row in shown],
        "before_kwh": [],
        "outdoor_c": [_one(row["outdoor_c"]) if row else None for row in shown],
        "highest_kw": [],
        "in_force_kw": [_in_force_kw(powers, start.date()) for start in local],
    }


def _ticks(days: Sequence[date], language: str) -> list[str]:
    """Name the first of each month, or, where there are few months, each Monday."""
    if len(days) > MONDAYS_UP_TO_DAYS:
        return [formats.month_tick(day, language) if day.day == 1 else "" for day in days]
    return [formats.day_tick(day, language) if day.weekday() == MONDAY else "" for day in days]


def year_before_day(day: date) -> date:
    """Give the same date a year earlier; 29 February is held against 28 February."""
    return day.replace(year=day.year - 1, day=28) if (day.month, day.day) == (2, 29) else day.replace(year=day.year - 1)


def _kwh(row: Mapping[str, Any] | None, name: str) -> float | None:
    if row is None or row[name] is None:
        return None
    return _one(Decimal(row[name]) / WH_PER_KWH)


def _one(value: Any) -> float | None:
    # One decimal is all that is drawn; the table and the invoice count with Wh.
    return None if value is None else float(Decimal(str(value)).quantize(Decimal("0.1"), ROUND_HALF_UP))


def _in_force_kw(powers: Sequence[Mapping[str, Any]], day: date) -> float | None:
    power = in_force(powers, day)
    return float(power["kw"]) if power and power["unit"] == "kW" else None
