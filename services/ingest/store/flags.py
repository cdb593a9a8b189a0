"""Hours that rules have flagged."""

from typing import LiteralString

from services.common import bulk
from services.common.bulk import Column
from services.common.postgres import Transaction
from services.heat.arrays import Int64
from services.ingest.core.vee.rules import NO_FLAGS, FlagChanges, Flags
from services.ingest.store.points import array_literal

_COLUMNS = "(point_id, starts_at, rule)"
_ADD: LiteralString = f"COPY ingest.flag {_COLUMNS} FROM STDIN (FORMAT binary)"
_DROP = """
    DELETE FROM ingest.flag AS stored USING changed
     WHERE stored.point_id = changed.point_id AND stored.starts_at = changed.starts_at AND stored.rule = changed.rule
"""
_OF_HOURS = """
    SELECT flag.point_id, flag.starts_at, flag.rule
      FROM unnest(%(point_ids)s::int[], %(from_s)s::bigint[], %(to_s)s::bigint[]) AS span(point_id, from_s, to_s)
      JOIN ingest.flag
        ON flag.point_id = span.point_id
       AND flag.starts_at >= to_timestamp(span.from_s) AND flag.starts_at < to_timestamp(span.to_s)
"""


async def of_hours(tx: Transaction, point_id: Int64, from_s: Int64, until_s: Int64) -> Flags:
    """Give the flags of hours that begin in each point's span, in no order."""
    if len(point_id) == 0:
        return NO_FLAGS
    spans = {
        "point_ids": array_literal(point_id.tolist()),
        "from_s": array_literal(from_s.tolist()),
        "to_s": array_literal(until_s.tolist()),
    }
    return Flags(*await bulk.copy_out(tx, _OF_HOURS, ("int4", "timestamptz", "int2"), spans))


async def write(tx: Transaction, changes: FlagChanges) -> None:
    """Put flags and take them away. One called new that is there already is a bug, and raises."""
    if len(changes.gone.point_id):
        await bulk.update(tx, _DROP, _COLUMNS, _columns(changes.gone))
    await bulk.copy_in(tx, _ADD, _columns(changes.new))


def _columns(flags: Flags) -> list[Column]:
    return [
        Column("int4", flags.point_id),
        Column("timestamptz", flags.starts_s),
        Column("int2", flags.rule),
    ]
