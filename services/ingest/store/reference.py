"""Metering points, meters and their installations, as the worker holds them."""

from typing import Any

import numpy as np

from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN
from services.ingest.core.identify import Reference
from services.ingest.core.installations import NEVER_S, Installations

# Fair both ways: whoever judges waits for a change that came before, and a change for whoever judges already. So no
# reading is judged or held by what was known before a change, and stored after what the change set right.
_SHARE = "SELECT pg_advisory_xact_lock_shared(hashtext('ingest.reference'))"
_ALONE = "SELECT pg_advisory_xact_lock(hashtext('ingest.reference'))"

_VERSION = "SELECT version FROM ingest.reference_version"

_POINTS = "SELECT point_id, number, maximum_kw, station_id, medium FROM ingest.point ORDER BY point_id"

_METERS = "SELECT serial, meter_id FROM ingest.meter"

_INSTALLATIONS = """
    SELECT place.point_id, place.meter_id,
           extract(epoch FROM place.installed_at)::bigint,
           extract(epoch FROM place.removed_at)::bigint,
           place.start_wh, place.stop_wh, place.start_l, place.stop_l,
           meter.modulus_wh, meter.modulus_l, meter.resolution_wh, meter.rules_off, meter.smoothing::int
      FROM ingest.meter_installation AS place
      JOIN ingest.meter USING (meter_id)
     ORDER BY place.point_id, place.installed_at
"""

_SETTLED_UNTIL = "SELECT extract(epoch FROM settled_until)::bigint FROM ingest.kept WHERE settled_until IS NOT NULL"

_CHANGED = "UPDATE ingest.reference_version SET version = version + 1"


async def version(tx: Transaction) -> int:
    """Give the version of all reference data together, which stands until this transaction ends."""
    await tx.execute(_SHARE)
    row = await (await tx.execute(_VERSION)).fetchone()
    return int(row[0]) if row else 0


async def changed(tx: Transaction) -> None:
    """Note that reference data changes with this transaction, and wait for those who judge by what was before."""
    await tx.execute(_ALONE)
    await tx.execute(_CHANGED)


async def load(tx: Transaction) -> Reference:
    """Read all metering points, meters and installations."""
    points = await (await tx.execute(_POINTS)).fetchall()
    meters = await (await tx.execute(_METERS)).fetchall()
    places = await (await tx.execute(_INSTALLATIONS)).fetchall()
    settled = await (await tx.execute(_SETTLED_UNTIL)).fetchone()
    return Reference(
        point_by_number={row[1]: row[0] for row in points},
        number_by_point={row[0]: row[1] for row in points},
        meter_by_serial=dict(meters),
        point_id=np.array([row[0] for row in points], np.int64),
        maximum_w=np.array([row[2] * 1000 for row in points], np.int64),
        station_id=[row[3] for row in points],
        is_cooling=np.array([row[4] == "cooling" for row in points], bool),
        installations=_installations(places),
        settled_until_s=settled[0] if settled else UNKNOWN,
    )


def _installations(places: list[tuple[Any, ...]]) -> Installations:
    columns = [list(column) for column in zip(*places, strict=True)] or [[] for _ in Installations._fields]
    columns[3] = [NEVER_S if removed is None else removed for removed in columns[3]]
    known = [[UNKNOWN if value is None else value for value in column] for column in columns]
    return Installations._make(np.array(column, np.int64) for column in known)
