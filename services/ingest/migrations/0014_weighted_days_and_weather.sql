-- Days keep what weighted temperatures need, stations what fills the holes of their hours, and a normal year.
SET LOCAL ROLE ingest_owner;

-- Litres times temperature over the hours that both are known of, and the litres of these hours: from here on also
-- where the temperature comes from samples.
UPDATE ingest.day SET forward_lc = coalesce(forward_lc, 0), return_lc = coalesce(return_lc, 0)
 WHERE forward_lc IS NULL OR return_lc IS NULL;
UPDATE ingest.day_was SET forward_lc = coalesce(forward_lc, 0), return_lc = coalesce(return_lc, 0)
 WHERE forward_lc IS NULL OR return_lc IS NULL;
ALTER TABLE ingest.day
    ALTER COLUMN forward_lc SET DEFAULT 0, ALTER COLUMN forward_lc SET NOT NULL,
    ALTER COLUMN return_lc SET DEFAULT 0, ALTER COLUMN return_lc SET NOT NULL,
    ADD COLUMN forward_l bigint NOT NULL DEFAULT 0, ADD COLUMN return_l bigint NOT NULL DEFAULT 0;
ALTER TABLE ingest.day_was
    ALTER COLUMN forward_lc SET DEFAULT 0, ALTER COLUMN forward_lc SET NOT NULL,
    ALTER COLUMN return_lc SET DEFAULT 0, ALTER COLUMN return_lc SET NOT NULL,
    ADD COLUMN forward_l bigint NOT NULL DEFAULT 0, ADD COLUMN return_l bigint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.day.forward_lc IS 'litres times supply temperature, over the hours that both are known of';
COMMENT ON COLUMN ingest.day.forward_l IS 'the litres of the hours that forward_lc is of';
GRANT UPDATE (forward_l, return_l) ON ingest.day TO ingest;

INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
SELECT DISTINCT point_id, '-infinity'::timestamptz, 'infinity'::timestamptz, 'weighted_temperatures' FROM ingest.day;

ALTER TABLE ingest.station
    ADD COLUMN latitude double precision CHECK (latitude BETWEEN -90 AND 90),
    ADD COLUMN longitude double precision CHECK (longitude BETWEEN -180 AND 180),
    ADD COLUMN neighbours text[] NOT NULL DEFAULT '{}' CHECK (cardinality(neighbours) <= 3),
    ADD COLUMN degree_day_base_c double precision NOT NULL DEFAULT 17,
    ADD CONSTRAINT place_is_whole CHECK ((latitude IS NULL) = (longitude IS NULL));
COMMENT ON COLUMN ingest.station.neighbours IS 'whose hours stand in for missing ones, the first that knows an hour';
GRANT UPDATE (latitude, longitude, neighbours, degree_day_base_c) ON ingest.station TO ingest;

-- Hours that were not observed, and where their temperature comes from: 2 interpolated, 3 a neighbour's.
CREATE TABLE ingest.filled_temperature (
    station_id text        NOT NULL,
    starts_at  timestamptz NOT NULL,
    celsius    real        NOT NULL,
    source     smallint    NOT NULL CHECK (source IN (2, 3)),
    PRIMARY KEY (station_id, starts_at)
);
GRANT SELECT, INSERT, DELETE ON ingest.filled_temperature TO ingest;
INSERT INTO ingest.filled_temperature
SELECT station_id, starts_at + n * interval '1 hour', celsius + (next_c - celsius) * n / (missing + 1), 2
  FROM (SELECT station_id, starts_at, celsius, lead(celsius) OVER station AS next_c,
               (extract(epoch FROM lead(starts_at) OVER station - starts_at) / 3600)::integer - 1 AS missing
          FROM ingest.outdoor_temperature
        WINDOW station AS (PARTITION BY station_id ORDER BY starts_at)) AS hole
 CROSS JOIN generate_series(1, missing) AS n
 WHERE missing BETWEEN 1 AND 3;

ALTER TABLE ingest.daily_temperature
    ADD COLUMN interpolated_hours smallint NOT NULL DEFAULT 0, ADD COLUMN neighbour_hours smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.daily_temperature.hours IS 'hours that were observed';
GRANT UPDATE (interpolated_hours, neighbour_hours) ON ingest.daily_temperature TO ingest;

-- A station's normal year: its own mean, or one that was imported, which then counts. Days of a leap year, so that
-- what is compared with them may be any part of a month.
CREATE TABLE ingest.normal_year (
    station_id text     NOT NULL,
    origin     text     NOT NULL CHECK (origin IN ('own', 'imported')),
    source     text     NOT NULL,
    first_year smallint,
    last_year  smallint,
    base_c     double precision,
    PRIMARY KEY (station_id, origin)
);
CREATE TABLE ingest.normal_day (
    station_id  text             NOT NULL,
    origin      text             NOT NULL,
    month       smallint         NOT NULL,
    day         smallint         NOT NULL,
    degree_days double precision NOT NULL,
    years       smallint,
    PRIMARY KEY (station_id, origin, month, day),
    FOREIGN KEY (station_id, origin) REFERENCES ingest.normal_year ON DELETE CASCADE
);
COMMENT ON COLUMN ingest.normal_day.years IS 'how many years the mean is of; NULL: imported';
-- Where somebody else says what a month's weather-dependent part is to be multiplied by.
CREATE TABLE ingest.normal_factor (
    station_id text             NOT NULL,
    month      date             NOT NULL CHECK (extract(day FROM month) = 1),
    factor     double precision NOT NULL CHECK (factor > 0),
    source     text             NOT NULL,
    PRIMARY KEY (station_id, month)
);
GRANT SELECT, INSERT, DELETE ON ingest.normal_year TO ingest;
GRANT INSERT ON ingest.normal_day TO ingest;
GRANT SELECT, INSERT ON ingest.normal_factor TO ingest;
GRANT UPDATE (factor, source) ON ingest.normal_factor TO ingest;

GRANT SELECT ON ingest.station, ingest.filled_temperature, ingest.normal_year, ingest.normal_day,
    ingest.normal_factor TO ingest_views;

RESET ROLE;
-- Only the installation knows its zone.
UPDATE ingest.daily_temperature AS daily SET interpolated_hours = filled.hours
  FROM (SELECT station_id, (starts_at AT TIME ZONE zone.name)::date AS day, count(*) AS hours
          FROM ingest.filled_temperature CROSS JOIN installation.time_zone AS zone GROUP BY 1, 2) AS filled
 WHERE daily.station_id = filled.station_id AND daily.day = filled.day;
SET LOCAL ROLE ingest_views;

CREATE OR REPLACE VIEW ingest_v1.day WITH (security_barrier) AS
SELECT day.point_id, day.day, day.energy_wh, day.maximum_hour_wh, day.hours_expected, day.hours_present,
       day.hours_measured, day.is_measured, day.volume_l, day.register_wh, day.register_l,
       day.energy_return_wh_centi_c / 100.0 AS energy_return_wh_c, day.energy_with_return_wh,
       day.forward_lc, day.return_lc AS volume_return_l_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[day.quality + 1] AS quality,
       day.revision, day.forward_l, day.return_l,
       day.forward_lc / nullif(day.forward_l, 0)::double precision AS supply_c,
       day.return_lc / nullif(day.return_l, 0)::double precision AS return_c,
       day.energy_return_wh_centi_c / nullif(100.0 * day.energy_with_return_wh, 0)::double precision
           AS energy_weighted_return_c
  FROM ingest.day
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = day.point_id
                  AND day.day >= permissions.nearest_day(visible.valid_from)
                  AND day.day < permissions.nearest_day(visible.valid_to));

-- Observed hours and those that were filled in.
CREATE OR REPLACE VIEW ingest_v1.outdoor_temperature WITH (security_barrier) AS
SELECT effective.station_id, effective.starts_at, effective.celsius,
       (ARRAY['observed', 'interpolated', 'neighbour'])[effective.source] AS source
  FROM (SELECT station_id, starts_at, celsius, 1::smallint AS source FROM ingest.outdoor_temperature
         UNION ALL
        SELECT station_id, starts_at, celsius, source FROM ingest.filled_temperature) AS effective
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL);

CREATE OR REPLACE VIEW ingest_v1.daily_temperature WITH (security_barrier) AS
SELECT daily.station_id, daily.day, daily.mean_c, daily.hours, daily.revision, daily.interpolated_hours,
       daily.neighbour_hours, greatest(0, coalesce(station.degree_day_base_c, 17) - daily.mean_c) AS degree_days
  FROM ingest.daily_temperature AS daily
  LEFT JOIN ingest.station USING (station_id)
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL);

-- Of each station the one that counts, by month: of 28 days in February.
CREATE VIEW ingest_v1.normal_year WITH (security_barrier) AS
SELECT normal.station_id, normal_day.month, sum(normal_day.degree_days) AS degree_days, min(normal_day.years) AS years,
       count(*) AS days, normal.origin, normal.source, normal.first_year, normal.last_year
  FROM ingest.normal_year AS normal
  JOIN ingest.normal_day USING (station_id, origin)
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL)
   AND (normal_day.month, normal_day.day) <> (2, 29)
   AND (normal.origin = 'imported'
        OR NOT EXISTS (SELECT FROM ingest.normal_year AS other
                        WHERE other.station_id = normal.station_id AND other.origin = 'imported'))
 GROUP BY normal.station_id, normal.origin, normal_day.month;

RESET ROLE;
