-- What a new revision of an hour or a day replaced, so that figures can be read as they were known at any time.
SET LOCAL ROLE ingest_owner;

-- Of what is stored already nobody noted when. The default for what comes needs no word from whoever writes.
ALTER TABLE ingest.hour ADD COLUMN known_from timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE ingest.hour ALTER COLUMN known_from SET DEFAULT statement_timestamp();
ALTER TABLE ingest.day ADD COLUMN known_from timestamptz NOT NULL DEFAULT '-infinity';
ALTER TABLE ingest.day ALTER COLUMN known_from SET DEFAULT statement_timestamp();
COMMENT ON COLUMN ingest.hour.known_from IS 'since when the row stands as it does; -infinity: not noted';
COMMENT ON COLUMN ingest.day.known_from IS 'since when the row stands as it does; -infinity: not noted';

CREATE TABLE ingest.hour_was (
    point_id       integer     NOT NULL,
    start_quality  smallint    NOT NULL,
    end_quality    smallint    NOT NULL,
    starts_at      timestamptz NOT NULL,
    revision       bigint      NOT NULL,
    known_from     timestamptz NOT NULL,
    replaced_at    timestamptz NOT NULL,
    energy_wh      bigint,
    volume_l       bigint,
    forward_lc     bigint,
    return_lc      bigint,
    supply_centi_c integer,
    return_centi_c integer,
    PRIMARY KEY (point_id, starts_at, revision)
) PARTITION BY RANGE (starts_at);

-- A running register that alone moves is no new revision, but an invoice may have printed the old one: hence
-- replaced_at in the key.
CREATE TABLE ingest.day_was (
    point_id                 integer     NOT NULL,
    day                      date        NOT NULL,
    revision                 bigint      NOT NULL,
    known_from               timestamptz NOT NULL,
    replaced_at              timestamptz NOT NULL,
    energy_wh                bigint,
    maximum_hour_wh          bigint,
    volume_l                 bigint,
    forward_lc               bigint,
    return_lc                bigint,
    energy_return_wh_centi_c bigint      NOT NULL,
    energy_with_return_wh    bigint      NOT NULL,
    register_wh              bigint,
    register_l               bigint,
    hours_expected           smallint    NOT NULL,
    hours_present            smallint    NOT NULL,
    hours_measured           smallint    NOT NULL,
    quality                  smallint    NOT NULL,
    is_measured              boolean     NOT NULL,
    PRIMARY KEY (point_id, day, revision, replaced_at)
) PARTITION BY RANGE (day);

-- As before, and the years of what was replaced beside those of the days.
CREATE OR REPLACE FUNCTION ingest.ensure_partitions(first_at timestamptz, last_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    month  timestamptz;
    parent text;
    child  text;
    made   integer := 0;
BEGIN
    PERFORM set_config('TimeZone', 'UTC', true);
    PERFORM pg_advisory_xact_lock(hashtext('ingest.ensure_partitions'));
    FOR month IN SELECT generate_series(date_trunc('month', first_at), last_at, interval '1 month') LOOP
        FOREACH parent IN ARRAY ARRAY['reading', 'hour'] LOOP
            child := parent || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month, month + interval '1 month');
            made := made + 1;
        END LOOP;
    END LOOP;
    -- A local day may lie in another year than its hours do in UTC, hence a day more at each end.
    FOR month IN SELECT generate_series(date_trunc('year', first_at - interval '1 day'),
                                        last_at + interval '1 day', interval '1 year') LOOP
        FOREACH parent IN ARRAY ARRAY['day', 'day_was', 'hour_was'] LOOP
            child := parent || to_char(month, '_YYYY');
            CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month::date, (month + interval '1 year')::date);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- The years that there are days of.
SELECT ingest.ensure_partitions(june, june)
  FROM (SELECT make_timestamptz(substr(child.relname, 5)::integer, 6, 1, 0, 0, 0, 'UTC') AS june
          FROM pg_inherits JOIN pg_class AS child ON child.oid = inhrelid
         WHERE inhparent = 'ingest.day'::regclass) AS year;

GRANT UPDATE (known_from) ON ingest.hour, ingest.day TO ingest;
GRANT INSERT ON ingest.hour_was, ingest.day_was TO ingest;
GRANT SELECT ON ingest.hour_was, ingest.day_was TO ingest_views;

RESET ROLE;
SET LOCAL ROLE ingest_views;

-- Every version of every hour. As known at an instant is the one with known_from <= instant < known_to.
CREATE VIEW ingest_v1.hour_version WITH (security_barrier) AS
SELECT version.point_id, version.starts_at, version.energy_wh, version.volume_l,
       version.supply_centi_c / 100.0 AS supply_c, version.return_centi_c / 100.0 AS return_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual', 'estimated'])
           [greatest(version.start_quality, version.end_quality) + 1] AS quality,
       CASE WHEN version.energy_wh IS NULL THEN 'withdrawn'
            WHEN greatest(version.start_quality, version.end_quality) = 1 THEN 'register_difference'
            WHEN greatest(version.start_quality, version.end_quality) = 5 THEN 'shaped_by_signature'
            ELSE 'even_between_readings' END AS rule,
       version.revision, version.known_from, version.known_to
  FROM (SELECT point_id, starts_at, energy_wh, volume_l, supply_centi_c, return_centi_c, start_quality, end_quality,
               revision, known_from, 'infinity'::timestamptz AS known_to
          FROM ingest.hour
         UNION ALL
        SELECT point_id, starts_at, energy_wh, volume_l, supply_centi_c, return_centi_c, start_quality, end_quality,
               revision, known_from, replaced_at
          FROM ingest.hour_was) AS version
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = version.point_id
                  AND version.starts_at >= visible.valid_from AND version.starts_at < visible.valid_to);

-- Two versions of a day with one revision differ in the running register alone.
CREATE VIEW ingest_v1.day_version WITH (security_barrier) AS
SELECT version.point_id, version.day, version.energy_wh, version.maximum_hour_wh, version.hours_expected,
       version.hours_present, version.hours_measured, version.is_measured, version.volume_l, version.register_wh,
       version.register_l, version.energy_return_wh_centi_c / 100.0 AS energy_return_wh_c,
       version.energy_with_return_wh, version.forward_lc, version.return_lc AS volume_return_l_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[version.quality + 1] AS quality,
       version.revision, version.known_from, version.known_to
  FROM (SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
               volume_l, register_wh, register_l, energy_return_wh_centi_c, energy_with_return_wh, forward_lc,
               return_lc, quality, revision, known_from, 'infinity'::timestamptz AS known_to
          FROM ingest.day
         UNION ALL
        SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
               volume_l, register_wh, register_l, energy_return_wh_centi_c, energy_with_return_wh, forward_lc,
               return_lc, quality, revision, known_from, replaced_at
          FROM ingest.day_was) AS version
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = version.point_id
                  AND version.day >= permissions.nearest_day(visible.valid_from)
                  AND version.day < permissions.nearest_day(visible.valid_to));

-- The command shows them, as this role.
GRANT SELECT ON ingest_v1.hour_version, ingest_v1.day_version TO ingest;

RESET ROLE;
