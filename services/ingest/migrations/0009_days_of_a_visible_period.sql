-- The owner of visible periods says what days they have.
SET LOCAL ROLE ingest_views;

CREATE OR REPLACE VIEW ingest_v1.day WITH (security_barrier) AS
SELECT day.point_id, day.day, day.energy_wh, day.maximum_hour_wh, day.hours_expected, day.hours_present,
       day.hours_measured, day.is_measured, day.volume_l, day.register_wh, day.register_l,
       day.energy_return_wh_centi_c / 100.0 AS energy_return_wh_c, day.energy_with_return_wh,
       day.forward_lc, day.return_lc AS volume_return_l_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[day.quality + 1] AS quality,
       day.revision
  FROM ingest.day
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = day.point_id
                  AND day.day >= permissions.nearest_day(visible.valid_from)
                  AND day.day < permissions.nearest_day(visible.valid_to));

RESET ROLE;
