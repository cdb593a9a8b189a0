"""What the tests of ingest's core build their input from."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from services.heat.arrays import UNKNOWN
from services.ingest.core.candidates import Candidates
from services.ingest.core.installations import NEVER_S, Installations, Terms, terms
from services.ingest.core.readings import ReadingRows, content_hash, in_order
from tests.oracle.verdicts import Place, Reading

POINT_ID = 7
MAXIMUM_W = 50_000
_WHOLE = ("meter_id", "rank", "recorded_us", "forward_lc", "return_lc", "withdrawn", "verdict", "delivery")
_SAMPLES = ("flow_l_per_h", "power_w", "supply_c", "return_c")


def reading_rows(rows: Iterable[Mapping[str, Any]]) -> ReadingRows:
    """Lay readings out as the core takes them, sorted; a row names read_at_s and energy_wh and what else it has."""
    complete = list(rows)
    without = {"meter_id": 0, "rank": 0, "withdrawn": 0, "verdict": 0, "delivery": 0}

    def whole(name: str) -> np.ndarray:
        return np.array([row.get(name, without.get(name, UNKNOWN)) for row in complete], np.int64)

    read_at_s = whole("read_at_s")
    recorded_us = np.array([row.get("recorded_us", row["read_at_s"] * 1_000_000) for row in complete], np.int64)
    columns = {name: whole(name) for name in (*_WHOLE, "energy_wh", "volume_l")} | {"recorded_us": recorded_us}
    columns |= {name: np.array([row.get(name, np.nan) for row in complete], np.float64) for name in _SAMPLES}
    hashed = content_hash((columns["energy_wh"], columns["withdrawn"], columns["rank"], recorded_us))
    point_id = np.array([row.get("point_id", POINT_ID) for row in complete], np.int64)
    return in_order(ReadingRows(point_id=point_id, read_at_s=read_at_s, content_hash=hashed, **columns))


def terms_of(places: Installations, rows: ReadingRows) -> Terms:
    """Find the terms on which readings are judged."""
    maximum_w = np.full(len(rows.point_id), MAXIMUM_W)
    return terms(places, rows.point_id, rows.meter_id, rows.read_at_s, maximum_w)


def candidates(readings: list[Reading], place: Place, maximum_kw: int) -> Candidates:
    """Lay readings of one meter out for the judging of their chain."""
    count = len(readings)
    volumes = [UNKNOWN if one.volume_l is None else one.volume_l for one in readings]
    return Candidates(
        series=np.ones(count, np.int64),
        read_at_s=np.array([one.read_at_s for one in readings], np.int64),
        energy_wh=np.array([one.energy_wh for one in readings], np.int64),
        volume_l=np.array(volumes, np.int64),
        modulus_wh=np.full(count, place.modulus[0]),
        modulus_l=np.full(count, place.modulus[1]),
        tolerance_wh=np.full(count, place.resolution_wh),
        maximum_w=np.full(count, maximum_kw * 1000),
        is_anchor=np.zeros(count, bool),
    )


def installations(places: Iterable[Place], point_id: int = POINT_ID) -> Installations:
    """Lay the meters of a metering point out as the core takes them."""
    rows = [
        (
            *(point_id, place.meter_id, place.installed_s),
            NEVER_S if place.removed_s is None else place.removed_s,
            *(
                UNKNOWN if one is None else one
                for one in (place.start[0], place.stop[0], place.start[1], place.stop[1])
            ),
            *(*place.modulus, place.resolution_wh, 0, int(place.smoothing)),
        )
        for place in places
    ]
    columns = zip(*rows, strict=True) if rows else ([] for _ in Installations._fields)
    return Installations._make(np.array(list(column), np.int64) for column in columns)
