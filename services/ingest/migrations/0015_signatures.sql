-- What a facility uses by outdoor temperature, month by month, so that long gaps are shaped as it would have used heat.
SET LOCAL ROLE ingest_owner;

CREATE TABLE ingest.signature (
    point_id        integer NOT NULL,
    month           date    NOT NULL CHECK (extract(day FROM month) = 1),
    base_w          integer,
    slope_w_per_c   integer,
    balance_centi_c integer,
    r2              real,
    days            smallint,
    refused         smallint,
    is_stale        boolean NOT NULL,
    PRIMARY KEY (point_id, month)
);
COMMENT ON TABLE ingest.signature IS
    'from the measured days of the year before the month; there for months in which a gap begins';
COMMENT ON COLUMN ingest.signature.refused IS 'NULL: not computed yet; 0: it holds; else why there is none';
CREATE INDEX signature_by_month ON ingest.signature (month);
CREATE INDEX stale_signature ON ingest.signature (point_id, month) WHERE is_stale;

-- Temperatures that came or changed: what was estimated by them is to be estimated anew.
CREATE TABLE ingest.temperature_change (
    change_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    station_id text        NOT NULL,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL
);

-- The grades of marks that lie in a long gap.
CREATE INDEX estimated_hour ON ingest.hour (starts_at, point_id)
    WHERE start_quality IN (3, 5) OR end_quality IN (3, 5);

GRANT SELECT, INSERT ON ingest.signature TO ingest;
GRANT UPDATE (base_w, slope_w_per_c, balance_centi_c, r2, days, refused, is_stale) ON ingest.signature TO ingest;
GRANT SELECT, INSERT, DELETE ON ingest.temperature_change TO ingest;
-- To lock a row, the right to update any one column is needed; this one is always generated, so nothing can be set.
GRANT UPDATE (change_id) ON ingest.temperature_change TO ingest;

RESET ROLE;
SET LOCAL ROLE ingest_views;

CREATE OR REPLACE VIEW ingest_v1.hour WITH (security_barrier) AS
SELECT hour.point_id, hour.starts_at, hour.energy_wh, hour.volume_l,
       hour.supply_centi_c / 100.0 AS supply_c, hour.return_centi_c / 100.0 AS return_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual', 'estimated'])
           [greatest(hour.start_quality, hour.end_quality) + 1] AS quality,
       CASE WHEN hour.energy_wh IS NULL THEN 'withdrawn'
            WHEN greatest(hour.start_quality, hour.end_quality) = 1 THEN 'register_difference'
            WHEN greatest(hour.start_quality, hour.end_quality) = 5 THEN 'shaped_by_signature'
            ELSE 'even_between_readings' END AS rule,
       hour.revision
  FROM ingest.hour
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = hour.point_id
                  AND hour.starts_at >= visible.valid_from AND hour.starts_at < visible.valid_to);

RESET ROLE;
