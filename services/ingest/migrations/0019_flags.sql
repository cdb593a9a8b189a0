-- Hours that rules have flagged: they count as they are, and an operator should look at them.
SET LOCAL ROLE ingest_owner;

CREATE TABLE ingest.flag (
    point_id  integer     NOT NULL,
    starts_at timestamptz NOT NULL,
    rule      smallint    NOT NULL,
    PRIMARY KEY (point_id, starts_at, rule)
);
COMMENT ON COLUMN ingest.flag.rule IS '1 spike, 2 false_peak, 3 counters_disagree, 4 against_physics, 5 dead_sensor';

ALTER TABLE ingest.meter ADD COLUMN rules_off smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.meter.rules_off IS 'rules that do not flag what the meter shows: the sum of 2 ^ (rule - 1)';
GRANT UPDATE (rules_off) ON ingest.meter TO ingest;

GRANT SELECT, INSERT, DELETE ON ingest.flag TO ingest;
GRANT SELECT ON ingest.flag TO ingest_views;

-- What was stored before the rules were is flagged, too.
INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
SELECT point_id, '-infinity', 'infinity', 'flags' FROM ingest.point_state WHERE newest_s > -9223372036854775808;

RESET ROLE;
SET LOCAL ROLE ingest_views;

CREATE VIEW ingest_v1.flag WITH (security_barrier) AS
SELECT flag.point_id, flag.starts_at,
       (ARRAY['spike', 'false_peak', 'counters_disagree', 'against_physics', 'dead_sensor'])[flag.rule] AS rule
  FROM ingest.flag
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = flag.point_id
                  AND flag.starts_at >= visible.valid_from AND flag.starts_at < visible.valid_to);

GRANT SELECT ON ingest_v1.flag TO ingest;

RESET ROLE;
