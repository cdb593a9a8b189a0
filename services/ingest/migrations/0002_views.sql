-- What others may see of ingest. A service sees all rows, a visitor those of his periods, staff what they need.
SET LOCAL ROLE ingest_views;

CREATE VIEW ingest_v1.hour WITH (security_barrier) AS
SELECT hour.point_id, hour.starts_at, hour.energy_wh, hour.volume_l,
       hour.supply_centi_c / 100.0 AS supply_c, hour.return_centi_c / 100.0 AS return_c,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])
           [greatest(hour.start_quality, hour.end_quality) + 1] AS quality,
       CASE WHEN hour.energy_wh IS NULL THEN 'withdrawn'
            WHEN greatest(hour.start_quality, hour.end_quality) = 1 THEN 'register_difference'
            ELSE 'even_between_readings' END AS rule,
       hour.revision
  FROM ingest.hour
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = hour.point_id
                  AND hour.starts_at >= visible.valid_from AND hour.starts_at < visible.valid_to);

CREATE VIEW ingest_v1.day WITH (security_barrier) AS
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
                  AND day.day >= visible.valid_from::date AND day.day < visible.valid_to::date);

CREATE VIEW ingest_v1.reading WITH (security_barrier) AS
SELECT reading.point_id, reading.read_at, meter.serial, reading.energy_wh, reading.volume_l, reading.forward_lc,
       reading.return_lc, reading.supply_c, reading.return_c, reading.withdrawn, reading.verdict,
       reading.recorded_at, reading.delivery_id
  FROM ingest.reading
  LEFT JOIN ingest.meter ON meter.meter_id = reading.meter_id
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = reading.point_id
                  AND reading.read_at >= visible.valid_from AND reading.read_at < visible.valid_to);

CREATE VIEW ingest_v1.refused WITH (security_barrier) AS
SELECT held.serial, held.number, held.read_at, held.verdict, held.reason, held.delivery_id, held.held_at
  FROM ingest.held_reading AS held
 WHERE (SELECT permissions.sees_all());

-- Weather is nobody's secret, but only a known visitor may ask for it.
CREATE VIEW ingest_v1.outdoor_temperature WITH (security_barrier) AS
SELECT observed.station_id, observed.starts_at, observed.celsius
  FROM ingest.outdoor_temperature AS observed
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL);

CREATE VIEW ingest_v1.daily_temperature WITH (security_barrier) AS
SELECT daily.station_id, daily.day, daily.mean_c, daily.hours, daily.revision
  FROM ingest.daily_temperature AS daily
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL);

GRANT SELECT ON ingest_v1.hour, ingest_v1.day, ingest_v1.reading, ingest_v1.outdoor_temperature,
    ingest_v1.daily_temperature TO ingest, alerts, billing, contracts, permissions, gateway;
GRANT SELECT ON ingest_v1.refused TO ingest, gateway;

RESET ROLE;
