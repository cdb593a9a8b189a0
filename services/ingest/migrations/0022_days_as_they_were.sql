-- A day as it was known once has all that a day has: columns came to days that did not come to what they were before.
SET LOCAL ROLE ingest_owner;

-- Of what was replaced before this, nobody knows it any more.
ALTER TABLE ingest.day_was ADD COLUMN offset_wh bigint, ADD COLUMN offset_l bigint;

RESET ROLE;
SET LOCAL ROLE ingest_views;

CREATE OR REPLACE VIEW ingest_v1.day_version WITH (security_barrier) AS
SELECT version.point_id, version.day, version.energy_wh, version.maximum_hour_wh, version.hours_expected,
       version.hours_present, version.hours_measured, version.is_measured, version.volume_l, version.register_wh,
       version.register_l, version.energy_return_wh_centi_c / 100.0 AS energy_return_wh_c,
       version.energy_with_return_wh, version.forward_lc, version.return_lc AS volume_return_l_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[version.quality + 1] AS quality,
       version.revision, version.known_from, version.known_to, version.forward_l, version.return_l,
       version.forward_lc / nullif(version.forward_l, 0)::double precision AS supply_c,
       version.return_lc / nullif(version.return_l, 0)::double precision AS return_c,
       version.energy_return_wh_centi_c / nullif(100.0 * version.energy_with_return_wh, 0)::double precision
           AS energy_weighted_return_c
  FROM (SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
               volume_l, register_wh, register_l, energy_return_wh_centi_c, energy_with_return_wh, forward_lc,
               forward_l, return_lc, return_l, quality, revision, known_from, 'infinity'::timestamptz AS known_to
          FROM ingest.day
         UNION ALL
        SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
               volume_l, register_wh, register_l, energy_return_wh_centi_c, energy_with_return_wh, forward_lc,
               forward_l, return_lc, return_l, quality, revision, known_from, replaced_at
          FROM ingest.day_was) AS version
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = version.point_id
                  AND version.day >= permissions.nearest_day(visible.valid_from)
                  AND version.day < permissions.nearest_day(visible.valid_to));

RESET ROLE;
