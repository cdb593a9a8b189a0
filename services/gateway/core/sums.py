"""A period added up: energy, its highest hour, how much of it is measured, and against the year before."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.gateway.core.charts import year_before_day

Row = Mapping[str, Any]


def sums(rows: Sequence[Row], before: Sequence[Row]) -> dict[str, Any]:
    """Add up days or hours. before: the days of the year before, none for hours.

    energy_wh, highest_wh: None where nothing is known; an estimated hour is never a highest. measured: percent of
    the hours. change: percent against the year before.
    """
    known = [row for row in rows if row["energy_wh"] is not None]
    is_by_day = bool(rows) and "maximum_hour_wh" in rows[0]
    if is_by_day:
        highest = [row["maximum_hour_wh"] for row in known]
        hours, measured = sum(row["hours_expected"] for row in rows), sum(row["hours_measured"] for row in rows)
    else:
        highest = [row["energy_wh"] for row in known if row["quality"] == "measured"]
        hours, measured = len(rows), sum(row["quality"] == "measured" for row in rows)
    return {
        "energy_wh": sum(row["energy_wh"] for row in known) if known else None,
        "highest_wh": max((value for value in highest if value is not None), default=None),
        "measured": measured / hours * 100 if hours else None,
        "change": change(rows, before) if is_by_day else None,
    }


def change(rows: Sequence[Row], before: Sequence[Row]) -> float | None:
    """Give the change of days' energy against the same dates the year before, in percent.

    None where any of the days has no counterpart, or another number of metering points in it: a gap would pass for
    a saving.
    """
    then = {row["day"]: row for row in before if row["energy_wh"] is not None}
    pairs: list[tuple[Row, Row]] = []
    for row in rows:
        earlier = then.get(year_before_day(row["day"]))
        if earlier is None or row["energy_wh"] is None or row.get("points") != earlier.get("points"):
            return None
        pairs.append((row, earlier))
    before_wh = sum(earlier["energy_wh"] for _, earlier in pairs)
    return (sum(row["energy_wh"] for row, _ in pairs) - before_wh) / before_wh * 100 if before_wh else None
