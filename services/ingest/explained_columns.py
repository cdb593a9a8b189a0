"""What the figures of a day rest on, from the documents that the store gives to the columns that the core takes."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.core.explained import Known
from services.ingest.core.installations import NEVER_S, Installations
from services.ingest.core.readings import ReadingRows
from services.ingest.core.signatures import MonthSignatures

Document = dict[str, Any]


def known_of(found: Document, zone: ZoneInfo) -> Known:
    """Lay out what the figures of a day rest on, as the store gives it, for the core to derive them from."""
    outdoor = found["outdoor"] or []
    return Known(
        _rows(found["point_id"], found["readings"] or []),
        _rows(found["point_id"], found["stops"] or []),
        _installations(found["places"] or []),
        _signatures(found["point_id"], found["signatures"] or []),
        found["medium"] == "cooling",
        found["station_id"],
        np.array([at_s for at_s, _ in outdoor], np.int64),
        # As they are stored: JSON writes the shortest decimal, another number, which may round to another watt.
        np.array([celsius for _, celsius in outdoor], np.float32).astype(np.float64),
        zone,
    )


def _rows(point_id: int, readings: list[Document]) -> ReadingRows:
    count = len(readings)
    unknown, nothing, nan = np.full(count, UNKNOWN), np.zeros(count, np.int64), np.full(count, np.nan)

    def whole(name: str) -> Int64:
        return np.array([one[name] for one in readings], np.int64)

    return ReadingRows(
        point_id=np.full(count, point_id),
        read_at_s=np.array([seconds(one["read_at"]) for one in readings], np.int64),
        content_hash=whole("content_hash"),
        meter_id=whole("meter_id"),
        rank=whole("rank"),
        recorded_us=nothing,
        energy_wh=whole("energy_wh"),
        # Only energy is derived: what a volume is bridged from may lie a month away.
        volume_l=unknown,
        forward_lc=unknown,
        return_lc=unknown,
        flow_l_per_h=nan,
        power_w=nan,
        supply_c=nan,
        return_c=nan,
        withdrawn=nothing,
        verdict=whole("verdict"),
        delivery=nothing,
    )


def _installations(places: list[list[Any]]) -> Installations:
    rows = [[*place[:3], NEVER_S if place[3] is None else place[3], *place[4:-1]] for place in places]
    columns = zip(*rows, strict=True) if rows else ([] for _ in Installations._fields)
    known = ([UNKNOWN if value is None else value for value in column] for column in columns)
    return Installations._make(np.array(column, np.int64) for column in known)


def _signatures(point_id: int, stored: list[list[Any]]) -> MonthSignatures:
    columns = list(zip(*stored, strict=True)) if stored else [()] * 6
    month, base_w, slope_w_per_c, balance_centi_c, r2, days = columns
    return MonthSignatures(
        np.full(len(month), point_id),
        np.array(month, np.int64),
        np.array(base_w, np.int64),
        np.array(slope_w_per_c, np.int64),
        np.array(balance_centi_c, np.int64),
        np.array(r2, np.float64),
        np.array(days, np.int64),
        np.zeros(len(month), np.int64),
    )


def seconds(written: str) -> int:
    """Read an instant as the database writes it in JSON."""
    return int(datetime.fromisoformat(written).timestamp())
