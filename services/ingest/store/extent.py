"""How much there is to tell of once more."""

import numpy as np

from services.common import bulk
from services.common.bulk import Kind
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.ingest.store.points import array_literal

# Asked for each point alone, so that only the months of its span are looked into.
_COUNT_HOURS = """
    SELECT span.point_id,
           (SELECT count(*) FROM ingest.hour
             WHERE hour.point_id = span.point_id
               AND hour.starts_at >= to_timestamp(span.from_s) AND hour.starts_at < to_timestamp(span.until_s))
      FROM unnest(%(point_ids)s::int[], %(from_s)s::bigint[], %(until_s)s::bigint[])
           AS span(point_id, from_s, until_s)
"""
_COUNT_KINDS: tuple[Kind, ...] = ("int4", "int8")


async def count_hours(tx: Transaction, point_id: Int64, from_s: Int64, until_s: Int64) -> Int64:
    """Count the stored hours that begin in each point's span; (m,), of points sorted by their ids."""
    parameters = {
        "point_ids": array_literal(point_id.tolist()),
        "from_s": array_literal(from_s.tolist()),
        "until_s": array_literal(until_s.tolist()),
    }
    counted, hours = await bulk.copy_out(tx, _COUNT_HOURS, _COUNT_KINDS, parameters)
    return hours[np.argsort(counted)]
