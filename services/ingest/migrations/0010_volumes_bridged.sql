-- Volumes are bridged over readings without one since here: judge again whatever has both kinds.
SET LOCAL ROLE ingest_owner;

INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
SELECT point_id, '-infinity', 'infinity', 'volumes_bridged'
  FROM ingest.reading
 GROUP BY point_id
HAVING count(volume_l) BETWEEN 1 AND count(*) - 1;

RESET ROLE;
