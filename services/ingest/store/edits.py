"""What operators did, and the readings that they did it to. Nothing of it is ever changed."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from services.common import logs
from services.common.postgres import Transaction
from services.ingest.core.readings import ESTIMATE_RANK, OPERATOR_RANK, YIELDING_RANK

_ADD = """
    INSERT INTO ingest.edit (edit_id, who, action, point_id, serial, from_at, to_at, document, cause, correlation_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (edit_id) DO NOTHING
"""

_DOCUMENT = "SELECT document FROM ingest.edit WHERE edit_id = %s"

_LIST = """
    SELECT edit.edit_id, edit.at, edit.who, edit.action, point.number AS metering_point, edit.serial, edit.from_at,
           edit.to_at, edit.cause, edit.document, edit.correlation_id
      FROM ingest.edit LEFT JOIN ingest.point USING (point_id)
     WHERE (%(point)s::text IS NULL OR point.number = %(point)s
            OR (edit.action = 'assign_meter'
                AND edit.document->'meter'->'installations'
                 @> jsonb_build_array(jsonb_build_object('metering_point', %(point)s::text))))
       AND edit.at < coalesce(%(before)s::timestamptz, 'infinity')
     ORDER BY edit.at DESC LIMIT %(most)s
"""

_SOURCE_OF = "SELECT source_id FROM ingest.source WHERE rank = %s"

# Of each instant the version that claims most, and the estimate that does; what an operator has taken back stays so.
# What operators said yields where the last thing they said of the instant is that it does. Behind what a meter showed
# as it was put comes what the one before showed as it was removed.
_VERSIONS = """
    SELECT DISTINCT ON (read_at, rank < 0) read_at, rank, withdrawn, verdict, energy_wh, volume_l, forward_lc,
           return_lc, flow_l_per_h, power_w, supply_c, return_c
      FROM (SELECT reading.*,
                   rank >= %(operator)s AND first_value(rank) OVER same_kind = %(yielding)s AS yields,
                   EXISTS (SELECT FROM ingest.meter_installation AS place
                            WHERE place.point_id = reading.point_id AND place.meter_id = reading.meter_id
                              AND place.removed_at = reading.read_at)
                   AND NOT EXISTS (SELECT FROM ingest.meter_installation AS place
                                    WHERE place.point_id = reading.point_id AND place.meter_id = reading.meter_id
                                      AND place.installed_at = reading.read_at) AS is_of_removed
              FROM ingest.reading
             WHERE point_id = %(point_id)s AND read_at >= %(from_at)s AND read_at <= %(to_at)s
            WINDOW same_kind AS (PARTITION BY read_at, rank >= %(operator)s
                                 ORDER BY recorded_at DESC, withdrawn DESC, content_hash DESC)) AS claiming
     ORDER BY read_at, rank < 0, yields, is_of_removed, rank DESC, recorded_at DESC, withdrawn DESC, content_hash DESC
     LIMIT %(most)s
"""

# Of each instant that an operator took back, being the last word on it: what operators said before, or else that word.
_TAKEN_BACK = """
    WITH said AS (
        SELECT reading.*,
               row_number() OVER (PARTITION BY read_at ORDER BY recorded_at DESC, withdrawn DESC, content_hash DESC)
                   AS place
          FROM ingest.reading
         WHERE point_id = %(point_id)s AND read_at >= %(from_at)s AND read_at <= %(to_at)s AND rank >= %(operator)s)
    SELECT DISTINCT ON (said.read_at) said.read_at, said.rank, said.withdrawn, said.verdict, said.energy_wh,
           said.volume_l, said.forward_lc, said.return_lc, said.flow_l_per_h, said.power_w, said.supply_c, said.return_c
      FROM said AS last JOIN said USING (read_at)
     WHERE last.place = 1 AND last.withdrawn AND last.rank = %(operator)s AND (said.place = 1 OR NOT said.withdrawn)
     ORDER BY said.read_at, said.withdrawn, said.place LIMIT %(most)s
"""


class Edit(NamedTuple):
    """What an operator does, why, and to what."""

    edit_id: UUID
    who: str
    action: str
    point_id: int | None
    serial: str | None
    from_at: datetime | None
    to_at: datetime | None
    document: dict[str, Any]
    cause: str


class Version(NamedTuple):
    """The version of an instant that claims most."""

    read_at: datetime
    rank: int
    withdrawn: bool
    verdict: int
    energy_wh: int
    volume_l: int | None
    forward_lc: int | None
    return_lc: int | None
    flow_l_per_h: float | None
    power_w: float | None
    supply_c: float | None
    return_c: float | None

    @property
    def is_taken_back(self) -> bool:
        """True where an operator took it back."""
        return self.withdrawn and self.rank == self.rank_of_withdrawal

    @property
    def rank_of_withdrawal(self) -> int:
        """What takes it back: an operator's word, or for an estimate, which no reading disturbs, an estimate's."""
        return ESTIMATE_RANK if self.rank == ESTIMATE_RANK else OPERATOR_RANK


async def add(tx: Transaction, edit: Edit) -> bool:
    """Keep an edit; tells False where one of its id is kept already."""
    *values, document, cause = edit
    parameters = [*values, Jsonb(document), cause, logs.correlation_id()]
    return (await tx.execute(_ADD, parameters)).rowcount > 0


async def document(tx: Transaction, edit_id: UUID) -> dict[str, Any] | None:
    """Give what was asked for under an id before; None where nothing was."""
    row = await (await tx.execute(_DOCUMENT, [edit_id])).fetchone()
    return row[0] if row else None


async def listed(tx: Transaction, point: str | None, before: datetime | None, most: int) -> list[dict[str, Any]]:
    """Give the newest edits: of one metering point, and of meters that were put there, or of all."""
    parameters = {"point": point, "before": before, "most": most}
    return await (await tx.cursor(row_factory=dict_row).execute(_LIST, parameters)).fetchall()


async def source_of(tx: Transaction, rank: int) -> UUID:
    """Give the source of what operators say, or of estimates. Raises LookupError where a migration has not made it."""
    row = await (await tx.execute(_SOURCE_OF, [rank])).fetchone()
    if row is None:
        raise LookupError(f"there is no source of the rank {rank}")
    return UUID(str(row[0]))


async def versions(tx: Transaction, point_id: int, from_at: datetime, to_at: datetime, most: int) -> list[Version]:
    """Give the instants of a span that were read, both its ends included."""
    return await _versions(tx, _VERSIONS, point_id, from_at, to_at, most)


async def taken_back(tx: Transaction, point_id: int, from_at: datetime, to_at: datetime, most: int) -> list[Version]:
    """Give what operators said in a span, both its ends included, before they took it back, or else that they did."""
    return await _versions(tx, _TAKEN_BACK, point_id, from_at, to_at, most)


async def _versions(
    tx: Transaction, statement: LiteralString, point_id: int, from_at: datetime, to_at: datetime, most: int
) -> list[Version]:
    ranks = {"operator": OPERATOR_RANK, "yielding": YIELDING_RANK}
    span = {"point_id": point_id, "from_at": from_at, "to_at": to_at, "most": most} | ranks
    return await (await tx.cursor(row_factory=class_row(Version)).execute(statement, span)).fetchall()
