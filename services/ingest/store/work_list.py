"""What waits for an operator, in groups."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row

from services.common.postgres import Transaction

# A stretch ends where two days pass without another reading refused for the same reason, or another flag. What an
# operator has said something of, or has settled, waits no longer.
_GROUPS = """
    WITH settled AS (
        SELECT point_id, from_at, to_at FROM ingest.edit WHERE action = 'settle'),
    refused AS (
        SELECT point_id, verdict, read_at, energy_wh,
               coalesce(read_at - lag(read_at) OVER stretch > interval '2 days', true) AS begins
          FROM ingest.reading
         WHERE verdict >= 10
           AND (%(verdicts)s::int[] IS NULL OR verdict = ANY(%(verdicts)s))
           AND (%(point)s::text IS NULL OR point_id = (SELECT named.point_id FROM ingest.point AS named
                                                        WHERE named.number = %(point)s))
           AND NOT EXISTS (SELECT FROM ingest.reading AS said
                            WHERE said.point_id = reading.point_id AND said.read_at = reading.read_at
                              AND said.rank = 101 AND said.verdict < 10)
           AND NOT EXISTS (SELECT FROM settled
                            WHERE settled.point_id = reading.point_id
                              AND reading.read_at BETWEEN settled.from_at AND settled.to_at)
        WINDOW stretch AS (PARTITION BY point_id, verdict ORDER BY read_at)),
    stretches AS (
        SELECT point_id, verdict, min(read_at) AS from_at, max(read_at) AS to_at, count(*) AS readings,
               max(energy_wh) - min(energy_wh) AS span_wh
          FROM (SELECT refused.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, verdict ORDER BY read_at)
                       AS number
                  FROM refused) AS numbered
         GROUP BY point_id, verdict, number),
    flagged AS (
        SELECT point_id, rule, starts_at,
               coalesce(starts_at - lag(starts_at) OVER stretch > interval '2 days', true) AS begins
          FROM ingest.flag
         WHERE (%(rules)s::int[] IS NULL OR rule = ANY(%(rules)s))
           AND (%(point)s::text IS NULL OR point_id = (SELECT named.point_id FROM ingest.point AS named
                                                        WHERE named.number = %(point)s))
           AND NOT EXISTS (SELECT FROM settled
                            WHERE settled.point_id = flag.point_id
                              AND flag.starts_at BETWEEN settled.from_at AND settled.to_at)
        WINDOW stretch AS (PARTITION BY point_id, rule ORDER BY starts_at)),
    flag_stretches AS (
        SELECT numbered.point_id, rule, min(numbered.starts_at) AS from_at, max(numbered.starts_at) AS to_at,
               count(*) AS readings, sum(hour.energy_wh)::bigint AS stake_wh
          FROM (SELECT flagged.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, rule ORDER BY starts_at)
                       AS number
                  FROM flagged) AS numbered
          LEFT JOIN ingest.hour ON hour.point_id = numbered.point_id AND hour.starts_at = numbered.starts_at
         GROUP BY numbered.point_id, rule, number),
    groups AS (
        SELECT 'refused' AS kind, stretches.verdict::int AS reason, point.number AS metering_point,
               NULL::text AS serial, stretches.from_at, stretches.to_at, stretches.readings::bigint,
               CASE WHEN stretches.verdict = %(exchange)s THEN stretches.span_wh
                    ELSE (SELECT sum(hour.energy_wh)::bigint FROM ingest.hour
                           WHERE hour.point_id = stretches.point_id
                             AND hour.starts_at >= stretches.from_at - interval '1 hour'
                             AND hour.starts_at <= stretches.to_at
                             AND greatest(hour.start_quality, hour.end_quality) > 1) END AS stake_wh
          FROM stretches JOIN ingest.point USING (point_id)
         UNION ALL
        SELECT 'flagged', flag_stretches.rule, point.number, NULL, flag_stretches.from_at, flag_stretches.to_at,
               flag_stretches.readings, flag_stretches.stake_wh
          FROM flag_stretches JOIN ingest.point USING (point_id)
         UNION ALL
        SELECT 'held', held.verdict, held.number, held.serial, min(held.read_at), max(held.read_at), count(*),
               max(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END)
             - min(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END)
          FROM ingest.held_reading AS held
         WHERE (%(verdicts)s::int[] IS NULL OR held.verdict = ANY(%(verdicts)s))
           AND (%(point)s::text IS NULL OR held.number = %(point)s OR held.serial = %(point)s)
         GROUP BY held.verdict, held.number, held.serial)
    SELECT kind, reason, metering_point, serial, from_at, to_at, readings, coalesce(stake_wh, 0)::bigint AS stake_wh,
           (count(*) OVER ())::bigint AS groups
      FROM groups
     WHERE from_at < %(older_than)s::timestamptz OR from_at IS NULL
     ORDER BY CASE %(order)s WHEN 'age' THEN extract(epoch FROM from_at)
                             WHEN 'readings' THEN -readings
                             ELSE -coalesce(stake_wh, 0) END, from_at, metering_point, serial, reason
     LIMIT %(most)s
"""


class Group(NamedTuple):
    """Readings or hours of one metering point or meter that wait for one reason."""

    kind: str
    reason: int
    """The number of a verdict, or of a rule where the kind is `flagged`."""
    metering_point: str | None
    serial: str | None
    from_at: datetime | None
    to_at: datetime | None
    readings: int
    stake_wh: int
    groups: int
    """How many there are of all."""


async def groups(tx: Transaction, wanted: dict[str, Any]) -> list[Group]:
    """Give groups that wait: of these verdicts and rules (None: of all), of a metering point, older than an instant."""
    return await (await tx.cursor(row_factory=class_row(Group)).execute(_GROUPS, wanted)).fetchall()
