"""What waits for an operator, in groups."""

from datetime import datetime
from typing import Any, LiteralString, NamedTuple

from psycopg.rows import class_row

from services.common.postgres import Transaction

# A group's energy at stake: of refused readings that of the hours that were guessed in their place.
_STAKE: LiteralString = """
    CASE kind
    WHEN 'refused' THEN coalesce(known_wh, (
        SELECT sum(hour.energy_wh) FROM ingest.hour
         WHERE hour.point_id = groups.point_id
           AND hour.starts_at >= groups.from_at - interval '1 hour' AND hour.starts_at <= groups.to_at
           AND greatest(hour.start_quality, hour.end_quality) > 1))
    WHEN 'flagged' THEN (
        SELECT sum(hour.energy_wh) FROM ingest.hour
         WHERE hour.point_id = groups.point_id AND hour.starts_at = ANY(groups.flagged_at)
           AND hour.starts_at >= groups.from_at AND hour.starts_at <= groups.to_at)
    WHEN 'status' THEN (
        SELECT sum(hour.energy_wh) FROM ingest.hour
         WHERE status = ANY(%(of_measuring)s::text[]) AND hour.point_id = groups.point_id
           AND hour.starts_at >= groups.from_at - interval '1 hour' AND hour.starts_at < groups.to_at)
    ELSE known_wh END
"""

# A stretch ends where two days pass without another reading refused for the same reason, or another flag; of a
# status, too, and one that has ended so leaves the list. Of statuses the last 35 days are looked at. What an
# operator has said something of, or has settled and not reopened since, waits no longer. Energy is what takes long:
# unless the list is in its order, it is looked up for what is shown alone.
_GROUPS: LiteralString = f"""
    WITH settled AS (
        SELECT point_id, unnest(tstzmultirange(tstzrange(from_at, to_at, '[]')) - coalesce((
                   SELECT range_agg(tstzrange(from_at, to_at, '[]')) FROM ingest.edit AS later
                    WHERE later.action = 'reopen' AND later.point_id = edit.point_id AND later.at > edit.at),
                   '{{}}')) AS span
          FROM ingest.edit WHERE action = 'settle'),
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
                              AND said.rank = 101 AND said.verdict IN (1, 3))
           AND NOT EXISTS (SELECT FROM settled
                            WHERE settled.point_id = reading.point_id
                              AND settled.span @> reading.read_at)
        WINDOW stretch AS (PARTITION BY point_id, verdict ORDER BY read_at)),
    flagged AS (
        SELECT point_id, rule, starts_at,
               coalesce(starts_at - lag(starts_at) OVER stretch > interval '2 days', true) AS begins
          FROM ingest.flag
         WHERE (%(rules)s::int[] IS NULL OR rule = ANY(%(rules)s))
           AND (%(point)s::text IS NULL OR point_id = (SELECT named.point_id FROM ingest.point AS named
                                                        WHERE named.number = %(point)s))
           AND NOT EXISTS (SELECT FROM settled
                            WHERE settled.point_id = flag.point_id
                              AND settled.span @> flag.starts_at)
        WINDOW stretch AS (PARTITION BY point_id, rule ORDER BY starts_at)),
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
                                      AND settled.span @> told.read_at)) AS each
        WINDOW stretch AS (PARTITION BY point_id, serial, status ORDER BY read_at)),
    groups AS (
        SELECT 'refused' AS kind, verdict::int AS reason, NULL::text AS status, point_id, NULL::text AS number,
               NULL::text AS serial, min(read_at) AS from_at, max(read_at) AS to_at, count(*) AS readings,
               CASE WHEN verdict = %(exchange)s THEN max(energy_wh) - min(energy_wh) END::numeric AS known_wh,
               NULL::timestamptz[] AS flagged_at
          FROM (SELECT refused.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, verdict ORDER BY read_at)
                       AS stretch
                  FROM refused) AS numbered
         GROUP BY point_id, verdict, stretch
         UNION ALL
        SELECT 'flagged', rule, NULL, point_id, NULL, NULL, min(starts_at), max(starts_at), count(*), NULL,
               array_agg(starts_at)
          FROM (SELECT flagged.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, rule ORDER BY starts_at)
                       AS stretch
                  FROM flagged) AS numbered
         GROUP BY point_id, rule, stretch
         UNION ALL
        SELECT 'status', 0, status, point_id, NULL, serial, min(read_at), max(read_at), count(*), NULL, NULL
          FROM (SELECT told.*, count(*) FILTER (WHERE begins) OVER (PARTITION BY point_id, serial, status
                                                                    ORDER BY read_at) AS stretch
                  FROM told) AS numbered
         GROUP BY point_id, serial, status, newest_at, stretch
        HAVING max(read_at) > newest_at - interval '2 days'
         UNION ALL
        SELECT 'held', held.verdict, NULL, NULL, held.number, held.serial, min(held.read_at), max(held.read_at),
               count(*),
               max(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END)
             - min(CASE WHEN jsonb_typeof(reading->'energy_wh') = 'number' THEN (reading->>'energy_wh')::numeric END),
               NULL
          FROM ingest.held_reading AS held
         WHERE (%(verdicts)s::int[] IS NULL OR held.verdict = ANY(%(verdicts)s))
           AND (%(point)s::text IS NULL OR held.number = %(point)s OR held.serial = %(point)s
                OR held.serial IN (SELECT meter.serial
                                     FROM ingest.point AS named
                                     JOIN ingest.meter_installation AS place USING (point_id)
                                     JOIN ingest.meter USING (meter_id)
                                    WHERE named.number = %(point)s))
         GROUP BY held.verdict, held.number, held.serial),
    page AS (
        SELECT groups.*, count(*) OVER () AS of_all,
               CASE %(order)s WHEN 'kwh' THEN -coalesce({_STAKE}, 0)
                              WHEN 'age' THEN extract(epoch FROM from_at)
                              ELSE -readings END AS place
          FROM groups
         WHERE from_at < %(older_than)s::timestamptz OR from_at IS NULL
         ORDER BY place, from_at, point_id, number, serial, reason, status
        OFFSET %(skip)s LIMIT %(most)s)
    SELECT kind, reason, status, coalesce(point.number, groups.number) AS metering_point, serial, from_at, to_at,
           readings, coalesce({_STAKE}, 0)::bigint AS stake_wh, of_all AS groups
      FROM page AS groups LEFT JOIN ingest.point USING (point_id)
     ORDER BY place, from_at, point_id, groups.number, serial, reason, status
"""  # noqa: S608 - put together from constants


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
