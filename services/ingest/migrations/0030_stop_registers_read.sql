-- What a meter showed at the instant of its removal is its stop register, where none is noted (verdict 6).
SET LOCAL ROLE ingest_owner;

-- As before, and the stop registers that were read since the last reading that was accepted.
CREATE OR REPLACE FUNCTION ingest.still_needed()
    RETURNS TABLE (point_id integer, read_at timestamptz, content_hash bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT needed.point_id, needed.read_at, needed.content_hash
      FROM ingest.kept_point AS begin
      JOIN ingest.reading AS needed ON needed.point_id = begin.point_id
     WHERE needed.read_at > begin.goes_on_from
     UNION ALL
    SELECT needed.point_id, needed.read_at, needed.content_hash
      FROM ingest.kept_point AS begin
     CROSS JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND rank >= 0 AND verdict = 1
              AND reading.read_at <= begin.goes_on_from
            ORDER BY reading.read_at DESC LIMIT 1) AS last
      LEFT JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND rank >= 0 AND verdict = 1
              AND volume_l NOT IN (4294967295, 16777215)
              AND reading.read_at <= last.read_at AND reading.read_at >= begin.goes_on_from - interval '31 days'
            ORDER BY reading.read_at DESC LIMIT 1) AS volume ON true
      LEFT JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND rank >= 0 AND verdict = 1 AND (energy_wh > 0 OR volume_l > 0)
              AND reading.read_at <= coalesce(volume.read_at, last.read_at)
            ORDER BY reading.read_at DESC LIMIT 1) AS shown ON true
      JOIN ingest.reading AS needed
        ON needed.point_id = begin.point_id AND needed.read_at <= begin.goes_on_from
       AND ((needed.verdict = 1 AND needed.read_at IN (last.read_at, volume.read_at, shown.read_at))
            OR (needed.verdict = 6 AND needed.read_at > last.read_at)
            OR (needed.rank < 0 AND needed.read_at > last.read_at))
$$;

-- Readings of a meter at a metering point where it did not sit, as is known now. At the instant of its removal a meter is
-- still read there, unless it sits elsewhere from then on.
CREATE VIEW ingest.misplaced_reading AS
SELECT reading.* FROM ingest.reading
 WHERE reading.meter_id IS NOT NULL
   AND NOT EXISTS (SELECT FROM ingest.meter_installation AS place
                    WHERE place.meter_id = reading.meter_id AND place.point_id = reading.point_id
                      AND reading.read_at >= place.installed_at
                      AND reading.read_at <= coalesce(place.removed_at, 'infinity')
                      AND NOT EXISTS (SELECT FROM ingest.meter_installation AS next
                                       WHERE next.meter_id = reading.meter_id AND next.point_id <> reading.point_id
                                         AND next.installed_at = reading.read_at));
GRANT SELECT ON ingest.misplaced_reading TO ingest;

-- The exchanges of which a register was read and not noted are judged again.
INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
SELECT point_id, removed_at, removed_at, 'stop registers read' FROM ingest.meter_installation
 WHERE removed_at IS NOT NULL AND stop_wh IS NULL
 UNION
SELECT point_id, installed_at, installed_at, 'stop registers read' FROM ingest.meter_installation AS place
 WHERE start_wh IS NULL
   AND EXISTS (SELECT FROM ingest.meter_installation AS before
                WHERE before.point_id = place.point_id AND before.installed_at < place.installed_at);

RESET ROLE;
