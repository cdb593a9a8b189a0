"""From any hour, day or month down to readings, deliveries, rules and versions; each figure is derived once more."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from services.common.postgres import Transaction
from services.heat.hour_marks import HOUR_S, MEASURED
from services.heat.tariff.rounding import whole_kwh
from services.ingest.core.explained import (
    QUALITIES,
    around,
    derived,
    energies,
    mark_at,
    quality_of,
    register_at,
    rule_of_hour,
)
from services.ingest.core.installations import NEVER_S
from services.ingest.core.readings import ESTIMATE_RANK
from services.ingest.core.running import WH
from services.ingest.core.verdict import Verdict
from services.ingest.explained_columns import known_of, seconds
from services.ingest.store import explained

Document = dict[str, Any]

DOES_NOT_ADD_UP = (
    "the stored figure does not follow from the stored readings; this is a fault of the service: report it"
)
IS_TO_BE_JUDGED = "readings of this span wait to be judged again; ask again in a moment"
IS_NOT_KEPT = "readings of that time are not kept any more, so that nothing can be derived from them"
WHY_NOT = {
    Verdict.SUPERSEDED: "another version of this instant counts: of a higher rank, or recorded later",
    Verdict.WITHDRAWN: "it takes the reading of this instant back",
    Verdict.OVERTAKEN_ESTIMATE: "it was an estimate ahead of the last reading, and what was read since counts",
}
TAKEN_BACK = "it was taken back"


async def hour(tx: Transaction, number: str, starts_at: datetime, zone: ZoneInfo) -> Document | None:
    """Explain an hour; None where there is no such metering point."""
    which = starts_at.astimezone(zone).date()
    found = await _found(tx, number, which, zone, starts_at + timedelta(minutes=30))
    return found and Explanation(found, which, zone).of_hour(starts_at)


async def day(tx: Transaction, number: str, which: date, zone: ZoneInfo) -> Document | None:
    """Explain a local day; None where there is no such metering point."""
    found = await _found(tx, number, which, zone, midnight(which, zone) + timedelta(hours=12))
    return found and Explanation(found, which, zone).of_day()


async def month(tx: Transaction, number: str, first: date, zone: ZoneInfo) -> Document | None:
    """Explain a local month by its first day; None where there is no such metering point."""
    following = (first + timedelta(days=31)).replace(day=1)
    ends = midnight(first, zone), midnight(following, zone)
    found = await explained.month(tx, number, first, following, *ends, zone.key)
    return found and _of_month(found, first, following, zone)


async def _found(tx: Transaction, number: str, which: date, zone: ZoneInfo, middle: datetime) -> Document | None:
    next_day = which + timedelta(days=1)
    return await explained.day(tx, number, which, midnight(which, zone), midnight(next_day, zone), middle)


def midnight(which: date, zone: ZoneInfo) -> datetime:
    """Give when a local day begins."""
    return datetime.combine(which, datetime.min.time(), zone).astimezone(UTC)


class Explanation:
    """What is stored of one local day, beside what follows from its readings."""

    def __init__(self, found: Document, which: date, zone: ZoneInfo) -> None:
        self._found = found
        self._days = which - timedelta(days=1), which
        self._begins_s, self._ends_s = (
            int(midnight(one, zone).timestamp()) for one in (which, which + timedelta(days=1))
        )
        self._zone = zone
        self._readings: list[Document] = found["readings"] or []
        self._hours = {seconds(one["starts_at"]): one for one in found["hours"] or []}
        self._stored_days = {date.fromisoformat(name): one for name, one in (found["days"] or {}).items()}
        self._known = known_of(found, zone)
        self._derived = derived(self._known)

    def of_hour(self, starts_at: datetime) -> Document:
        """Explain an hour of the day."""
        starts_s = int(starts_at.timestamp())
        stored = self._hours.get(starts_s)
        again = energies(self._derived, starts_s, starts_s + HOUR_S).get(starts_s)
        return {
            **self._head(),
            "hour": self._shown_hour(starts_s, stored),
            **self._verdict(again, stored["energy_wh"] if stored else None),
            "marks": [self._shown_mark(at_s) for at_s in (starts_s, starts_s + HOUR_S)],
            "estimated_ahead": self._estimated_ahead(starts_s, starts_s + HOUR_S),
            "stop_registers": self._stop_registers(*self._bounds(starts_s, starts_s + HOUR_S)),
            **self._not_used(*self._bounds(starts_s, starts_s + HOUR_S)),
            "earlier": [one for one in self._found["hours_before"] or [] if seconds(one["starts_at"]) == starts_s],
            "flags": [one["rule"] for one in self._found["flags"] or [] if seconds(one["starts_at"]) == starts_s],
            "statuses": self._statuses(*self._bounds(starts_s, starts_s + HOUR_S)),
            "edits": self._edits(starts_s, starts_s + HOUR_S),
        }

    def of_day(self) -> Document:
        """Explain the day itself."""
        begins_s, ends_s = self._begins_s, self._ends_s
        stored = self._stored_days.get(self._days[1])
        again = energies(self._derived, begins_s, ends_s)
        hours = [self._shown_hour(starts_s, one) for starts_s, one in sorted(self._hours.items())]
        return {
            **self._head(),
            "day": stored and {**stored, "quality": QUALITIES[stored["quality"]]},
            **self._verdict(sum(again.values()) if again else None, self._sum_of_day(stored)),
            "registers": [
                {"at": _written(at_s), "running_wh": self._running_wh(at_s), **self._around(at_s)}
                for at_s in (begins_s, ends_s)
            ],
            "hours": hours,
            "not_measured": [one for one in hours if one and one["quality"] != QUALITIES[MEASURED]],
            "estimated_ahead": self._estimated_ahead(begins_s, ends_s),
            "stop_registers": self._stop_registers(begins_s, ends_s),
            **self._not_used(begins_s, ends_s),
            "earlier": self._found["day_before"] or [],
            "flags": self._found["flags"] or [],
            "statuses": self._statuses(begins_s, ends_s),
            "edits": self._edits(begins_s, ends_s),
        }

    def _head(self) -> Document:
        return {"metering_point": self._found["number"], "medium": self._found["medium"], "time_zone": self._zone.key}

    def _sum_of_day(self, stored: Document | None) -> int | None:
        # A day whose last hour is not there yet is not stored; its hours are.
        return stored["energy_wh"] if stored is not None else self._sum_of_hours()

    def _sum_of_hours(self) -> int | None:
        known = [one["energy_wh"] for one in self._hours.values() if one["energy_wh"] is not None]
        return sum(known) if known else None

    def _verdict(self, again: int | None, stored: int | None) -> Document:
        adds_up = again == stored and self._hours_add_up() and self._registers_agree()
        return {"derived_wh": again, **_judged(self._found, self._begins_s, adds_up=adds_up)}

    def _hours_add_up(self) -> bool:
        """Tell whether every hour of the day is stored as it is derived, and none beside."""
        stored = {at_s: one["energy_wh"] for at_s, one in self._hours.items() if one["energy_wh"] is not None}
        return energies(self._derived, self._begins_s, self._ends_s) == stored

    def _registers_agree(self) -> bool:
        """Tell whether the registers that are stored of the midnights are the derived ones."""
        for which, at_s in zip(self._days, (self._begins_s, self._ends_s), strict=True):
            stored, again = self._stored_days.get(which), self._running_wh(at_s)
            if stored is not None and None not in (stored["register_wh"], again) and stored["register_wh"] != again:
                return False
        return True

    def _shown_hour(self, starts_s: int, stored: Document | None) -> Document | None:
        if stored is None:
            return None
        is_known = stored["energy_wh"] is not None and mark_at(self._derived, starts_s) is not None
        return {
            "starts_at": _written(starts_s),
            **{name: stored[name] for name in ("energy_wh", "volume_l", "revision", "known_from")},
            "supply_c": _degrees(stored["supply_centi_c"]),
            "return_c": _degrees(stored["return_centi_c"]),
            "quality": quality_of(stored),
            "rule": rule_of_hour(self._known, self._derived, starts_s) if is_known else "no two readings are around it",
        }

    def _shown_mark(self, at_s: int) -> Document:
        mark = mark_at(self._derived, at_s)
        if mark is None:
            return {"at": _written(at_s), "register_wh": None, "running_wh": None, "quality": None, "readings": []}
        register, quality = register_at(self._derived, mark), int(self._derived.mark_quality[mark])
        return {
            "at": _written(at_s),
            # As the meter itself shows it, and as it runs on over rollover and exchange.
            "register_wh": register - int(self._derived.counted.offset[around(self._derived, at_s).before, WH]),
            "running_wh": self._running_wh(at_s),
            "quality": QUALITIES[quality],
            **self._around(at_s),
        }

    def _running_wh(self, at_s: int) -> int | None:
        mark, base = mark_at(self._derived, at_s), self._base_wh()
        return None if mark is None or base is None else register_at(self._derived, mark) + base

    def _around(self, at_s: int) -> Document:
        if mark_at(self._derived, at_s) is None:
            return {"readings": []}
        indexes = sorted(set(around(self._derived, at_s)))
        return {"readings": [self._shown_reading(index) for index in indexes]}

    def _estimated_ahead(self, first_s: int, last_s: int) -> Document | None:
        """Tell of the estimate that some of a span goes up to: by what and by whom it was made."""
        counted_s = [seconds(one["read_at"]) for one in self._readings]
        spans = zip([first_s, *counted_s], counted_s, self._readings, strict=False)
        found = (one for before_s, at_s, one in spans if before_s < last_s and at_s > first_s and _is_estimate(one))
        estimate = next(found, None)
        return estimate and _ahead(self._told(estimate))

    def _shown_reading(self, index: int) -> Document:
        base = self._base_wh()
        own = int(self._derived.counted.offset[index, WH])
        return self._told(self._readings[index]) | {"offset_wh": None if base is None else base + own}

    def _base_wh(self) -> int | None:
        """Give what the registers are ahead of the meter's own at the first reading of all that were loaded."""
        for which, end_s in zip(self._days, (self._begins_s, self._ends_s), strict=True):
            stored, read_at_s = self._stored_days.get(which), self._known.rows.read_at_s
            last = int(np.searchsorted(read_at_s, end_s, side="right")) - 1
            if stored is not None and stored["offset_wh"] is not None and last >= 0:
                return int(stored["offset_wh"]) - int(self._derived.counted.offset[last, WH])
        return None

    def _told(self, reading: Document) -> Document:
        verdict = Verdict(reading["verdict"])
        # A meter no longer holds at the instant of its removal.
        is_stop = verdict is Verdict.STOP_REGISTER
        left_out = ("verdict", "delivery_id", "content_hash", "meter_id")
        return {name: value for name, value in reading.items() if name not in left_out} | {
            "serial": reading["serial"] or self._serial_at(seconds(reading["read_at"]) - is_stop),
            "verdict": verdict.label,
            "why_not": verdict.why or self._why_not(verdict, reading["read_at"]),
            "delivery": (self._found["deliveries"] or {}).get(reading["delivery_id"]),
        }

    def _why_not(self, verdict: Verdict, read_at: str) -> str | None:
        others: list[Document] = self._found["others"] or []
        is_taken_back = any(one["read_at"] == read_at and one["verdict"] == Verdict.WITHDRAWN for one in others)
        return TAKEN_BACK if verdict is Verdict.SUPERSEDED and is_taken_back else WHY_NOT.get(verdict)

    def _serial_at(self, at_s: int) -> str | None:
        for place in self._found["places"] or []:
            if place[2] <= at_s < (place[3] or NEVER_S):
                return str(place[-1])
        return None

    def _bounds(self, first_s: int, last_s: int) -> tuple[int, int]:
        """Give the instants of the readings around a span."""
        read_at_s = self._known.rows.read_at_s
        before, after = read_at_s[read_at_s <= first_s], read_at_s[read_at_s >= last_s]
        return (
            int(before[-1]) if len(before) else first_s - HOUR_S,
            int(after[0]) if len(after) else last_s + HOUR_S,
        )

    def _stop_registers(self, first_s: int, last_s: int) -> list[Document]:
        """Give what meters showed as they were removed within a span, where that was read and counts."""
        stops: list[Document] = self._found["stops"] or []
        return [self._told(one) for one in stops if first_s <= seconds(one["read_at"]) <= last_s]

    def _not_used(self, first_s: int, last_s: int) -> Document:
        others: list[Document] = self._found["others"] or []
        shown = [self._told(one) for one in others if first_s <= seconds(one["read_at"]) <= last_s]
        return {"not_used": shown, "not_used_further": self._found["others_there"] - len(others)}

    def _statuses(self, first_s: int, last_s: int) -> list[Document]:
        """Give what the meter said of itself in a span: a telegram that says nothing ends what was said before."""
        told: list[Document] = self._found["statuses"] or []
        return [one for one in told if first_s <= seconds(one["read_at"]) <= last_s]

    def _edits(self, first_s: int, last_s: int) -> list[Document]:
        edits: list[Document] = self._found["edits"] or []
        return [one for one in edits if seconds(one["from_at"]) <= last_s and seconds(one["to_at"]) >= first_s]


def _is_estimate(reading: Document) -> bool:
    return bool(reading["rank"] == ESTIMATE_RANK)


def _ahead(estimate: Document) -> Document:
    """Tell of an estimate ahead up to when it goes, by what it was made, who asked for it and why."""
    made = estimate["delivery"] or {}
    return {"until": estimate["read_at"]} | {name: made.get(name) for name in ("by", "who", "cause")}


def _judged(found: Document, from_s: int, *, adds_up: bool) -> Document:
    """Say whether a figure follows from its readings, and what it means where it does not."""
    waits, kept_from = bool(found["waits_to_be_judged"]), found["kept_from"]
    if kept_from is not None and from_s < kept_from.timestamp():
        return {"adds_up": None, "waits_to_be_judged": waits, "warning": IS_NOT_KEPT}
    warning = None if adds_up else IS_TO_BE_JUDGED if waits else DOES_NOT_ADD_UP
    return {"adds_up": adds_up, "waits_to_be_judged": waits, "warning": warning}


def _of_month(found: Document, first: date, following: date, zone: ZoneInfo) -> Document:
    days: list[Document] = found["days"] or []
    by_day = {one["day"]: {**one, "quality": QUALITIES[one["quality"]]} for one in days}
    before = by_day.pop((first - timedelta(days=1)).isoformat(), None)
    last = by_day.get((following - timedelta(days=1)).isoformat())
    begin_wh = _register_before(before, by_day.get(first.isoformat()))
    end_wh: int | None = last["register_wh"] if last else None
    rise_wh, printed_kwh = None, None
    if begin_wh is not None and end_wh is not None:
        rise_wh, printed_kwh = end_wh - begin_wh, whole_kwh(end_wh) - whole_kwh(begin_wh)
    days_wh = sum(one["energy_wh"] or 0 for one in by_day.values()) if by_day else None
    hours_wh = found["hours_wh"] or {}
    # Where a whole day is missing, the register tells more than the days do.
    is_whole = len(by_day) == (following - first).days and all(
        one["hours_present"] == one["hours_expected"] for one in by_day.values()
    )
    adds_up = (days_wh or 0) == (hours_wh.get("of_days") or 0) and (not is_whole or rise_wh in (None, days_wh))
    return {
        "metering_point": found["number"],
        "medium": found["medium"],
        "time_zone": zone.key,
        "month": first.isoformat()[:7],
        "energy_wh": days_wh,
        "open_days_wh": hours_wh.get("of_open_days"),
        "register_rise_wh": rise_wh,
        "invoice_kwh": printed_kwh,
        **_judged(found, int(midnight(first, zone).timestamp()), adds_up=adds_up),
        "registers": [
            _end(found, first, begin_wh, is_at_end=False),
            _end(found, following, end_wh, is_at_end=True),
        ],
        "days": list(by_day.values()),
        "estimated_ahead": next((_ahead(one) for one in found["readings"] or [] if _is_estimate(one)), None),
        "earlier": found["days_before"] or [],
    }


def _register_before(before: Document | None, first: Document | None) -> int | None:
    """Give the register at the midnight that a month begins with; of a meter's first day by its end, as invoices do."""
    register_wh: int | None = before["register_wh"] if before else None
    if register_wh is not None or first is None or first["hours_present"] < first["hours_expected"]:
        return register_wh
    known = first["register_wh"], first["energy_wh"]
    return None if None in known else int(known[0] - known[1])


def _end(found: Document, day: date, running_wh: int | None, *, is_at_end: bool) -> Document:
    """Tell of a month's end what an invoice prints, and the readings around."""
    readings: list[Document] = found["readings"] or []
    return {
        "day": day.isoformat(),
        "running_wh": running_wh,
        "printed_kwh": None if running_wh is None else whole_kwh(running_wh),
        "readings": [
            {name: one[name] for name in ("read_at", "energy_wh", "serial")}
            for one in readings
            if one["is_at_end"] == is_at_end
        ],
    }


def _written(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()


def _degrees(centi_c: int | None) -> float | None:
    return None if centi_c is None else centi_c / 100
