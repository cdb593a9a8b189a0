-- Estimates ahead of the last reading: whose they are, and that what is kept never goes on from one.
SET LOCAL ROLE ingest_owner;

-- Of a rank below every source's. No key has this digest, and no source can be put under this name.
INSERT INTO ingest.source (source_id, name, kind, key_hash, rank, state)
VALUES ('00000000-0000-4000-8000-000000000099', 'an estimate', 'live', 'none of an estimate', -1, 'revoked');

-- What was read, as before, and of the estimates those that may stand behind it.
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
            OR (needed.rank < 0 AND needed.read_at > last.read_at))
$$;

RESET ROLE;
