"""What waits for an operator, in groups."""

from datetime import datetime
from typing import Any, NamedTuple

from psycopg.rows import class_row

from services.common.postgres import Transaction

# A stretch ends where two days pass without another reading refused for the same reason, or another flag; of a
# status, too, and one that has ended so leaves the list. Of statuses the last 35 days are looked at. What an
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
    speaking AS (
        SELECT place.point_id, meter.serial, place.installed_at, newest.at AS newest_at
          FROM ingest.point_state
          JOIN ingest.meter_installation AS place ON place.point_id = point_state.point_id AND place.removed_at IS NULL
          JOIN ingest.meter USING (meter_id)
          CROSS JOIN LATERAL (SELECT to_timestamp(greatest(point_state.newest_s, 0)) AS at) AS newest
         WHERE (%(point)s::text IS NULL OR place.point_id = (SELECT named.point_id FROM ingest.point AS named
                                                              WHERE named.number = %(point)s))
           AND EXISTS (SELECT FROM ingest.meter_status AS told
                        WHERE told.serial = meter.serial AND told.read_at > newest.at - interval '2 days'
                          AND told.statuses && %(statuses)s::text[])),
    told AS (
        SELECT point_id, serial, status, read_at, newest_at,
               coalesce(read_at - lag(read_at) OVER stretch > interval '2 days', true) AS begins
          FROM (SELECT DISTINCT speaking.point_id, serial, status, told.read_at, speaking.newest_at
                  FROM speaking
                  JOIN ingest.meter_status AS told USING (serial)
                 CROSS JOIN unnest(told.statuses) AS status
                 WHERE status = ANY(%(statuses)s::text[]) AND told.read_at >= speaking.installed_at
                   AND told.read_at > speaking.newest_at - interval '35 days'
                   AND NOT EXISTS (SELECT FROM settled
                                    WHERE settled.point_id = speaking.point_id
                                      AND told.read_at BETWEEN settled.from_at AND settled.to_at)) AS each
        WINDOW stretch AS (PARTITION BY point_id, serial, status ORDER BY read_at)),
    status_stretches AS (
        SELECT point_id, serial, status, min(read_at) AS from_at, max(read_at) AS to_at, count(*) AS telegrams
          FROM (SELECT told.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, serial, status
                                                                    ORDER BY read_at) AS number
                  FROM told) AS numbered
         GROUP BY point_id, serial, status, newest_at, number
        HAVING max(read_at) > newest_at - interval '2 days'),
    groups AS (
        SELECT 'refused' AS kind, stretches.verdict::int AS reason, NULL::text AS status,
               point.number AS metering_point, NULL::text AS serial, stretches.from_at, stretches.to_at,
               stretches.readings::bigint,
               CASE WHEN stretches.verdict = %(exchange)s THEN stretches.span_wh
                    ELSE (SELECT sum(hour.energy_wh)::bigint FROM ingest.hour
                           WHERE hour.point_id = stretches.point_id
                             AND hour.starts_at >= stretches.from_at - interval '1 hour'
                             AND hour.starts_at <= stretches.to_at
                             AND greatest(hour.start_quality, hour.end_quality) > 1) END AS stake_wh
          FROM stretches JOIN ingest.point USING (point_id)
         UNION ALL
        SELECT 'flagged', flag_stretches.rule, NULL, point.number, NULL, flag_stretches.from_at, flag_stretches.to_at,
               flag_stretches.readings, flag_stretches.stake_wh
          FROM flag_stretches JOIN ingest.point USING (point_id)
         UNION ALL
        SELECT 'status', 0, said.status, point.number, said.serial, said.from_at, said.to_at, said.telegrams,
               CASE WHEN said.status = ANY(%(of_measuring)s::text[])
                    THEN (SELECT sum(hour.energy_wh)::bigint FROM ingest.hour
                           WHERE hour.point_id = said.point_id
                             AND hour.starts_at >= said.from_at - interval '1 hour'
                             AND hour.starts_at < said.to_at) END
          FROM status_stretches AS said JOIN ingest.point USING (point_id)
         UNION ALL
        SELECT 'held', held.verdict, NULL, held.number, held.serial, min(held.read_at), max(held.read_at), count(*),
               max(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END)
             - min(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END)
          FROM ingest.held_reading AS held
         WHERE (%(verdicts)s::int[] IS NULL OR held.verdict = ANY(%(verdicts)s))
           AND (%(point)s::text IS NULL OR held.number = %(point)s OR held.serial = %(point)s)
         GROUP BY held.verdict, held.number, held.serial)
    SELECT kind, reason, status, metering_point, serial, from_at, to_at, readings,
           coalesce(stake_wh, 0)::bigint AS stake_wh, (count(*) OVER ())::bigint AS groups
      FROM groups
     WHERE from_at < %(older_than)s::timestamptz OR from_at IS NULL
     ORDER BY CASE %(order)s WHEN 'age' THEN extract(epoch FROM from_at)
                             WHEN 'readings' THEN -readings
                             ELSE -coalesce(stake_wh, 0) END, from_at, metering_point, serial, reason, status
     LIMIT %(most)s
"""


class Group(NamedTuple):
    """Readings or hours of one metering point or meter that wait for one reason."""

    kind: str
    reason: int
    """The number of a verdict, or of a rule where the kind is `flagged`; 0 where it is `status`."""
    status: str | None
    """What the meter says of itself, in all its newest telegrams; None of another kind."""
    metering_point: str | None
    serial: str | None
    from_at: datetime | None
    to_at: datetime | None
    readings: int
    stake_wh: int
    groups: int
    """How many there are of all."""


async def groups(tx: Transaction, wanted: dict[str, Any]) -> list[Group]:
    """Give groups that wait: of these verdicts and rules (None: of all) and statuses, of a point, before an instant."""
    return await (await tx.cursor(row_factory=class_row(Group)).execute(_GROUPS, wanted)).fetchall()
