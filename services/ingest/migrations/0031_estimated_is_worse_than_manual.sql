-- An hour between an operator's mark and an estimated one is estimated, and so is a day, a month or a year of which any
-- hour is: what an operator decided of a register does not hide that part of the energy is a guess.
SET LOCAL ROLE ingest_owner;

-- The place of a grade among all from the best to the worst: missing, measured, interpolated, manual, estimated, shaped.
CREATE FUNCTION ingest.badness(grade smallint) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT (ARRAY[0, 1, 2, 4, 3, 5])[grade + 1] $$;
REVOKE EXECUTE ON FUNCTION ingest.badness(smallint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.badness(smallint) TO ingest, alerts, contracts, gateway;

-- The days that were manual with an estimated hour among their hours.
INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason)
SELECT point_id, min(day) - interval '1 day', max(day) + interval '2 days', 'manual days' FROM ingest.day
 WHERE quality = 4 GROUP BY point_id;

RESET ROLE;
SET LOCAL ROLE ingest_views;

-- The views as before, but that the worse of two qualities is told by the place of their grades.
CREATE OR REPLACE VIEW ingest_v1.hour WITH (security_barrier) AS
SELECT hour.point_id, hour.starts_at, hour.energy_wh, hour.volume_l,
       hour.supply_centi_c / 100.0 AS supply_c, hour.return_centi_c / 100.0 AS return_c,
       (ARRAY['missing', 'measured', 'interpolated', 'manual', 'estimated', 'estimated'])
           [greatest(ingest.badness(hour.start_quality), ingest.badness(hour.end_quality)) + 1] AS quality,
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

CREATE OR REPLACE VIEW ingest_v1.hour_version WITH (security_barrier) AS
SELECT version.point_id, version.starts_at, version.energy_wh, version.volume_l,
       version.supply_centi_c / 100.0 AS supply_c, version.return_centi_c / 100.0 AS return_c,
       (ARRAY['missing', 'measured', 'interpolated', 'manual', 'estimated', 'estimated'])
           [greatest(ingest.badness(version.start_quality), ingest.badness(version.end_quality)) + 1] AS quality,
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

CREATE OR REPLACE VIEW ingest_v1.month WITH (security_barrier) AS
SELECT point_id, medium, month, year, days_expected, days_present, days_measured, hours_expected, hours_present,
       hours_measured,
       hours_measured / hours_expected::double precision AS measured_share,
       energy_wh, maximum_hour_wh, volume_l, energy_with_volume_wh, forward_lc, forward_l, return_lc, return_l,
       energy_return_wh_c, energy_with_return_wh,
       energy_return_wh_c / nullif(energy_with_return_wh, 0) AS energy_weighted_return_c,
       forward_lc / nullif(forward_l, 0) AS supply_c, return_lc / nullif(return_l, 0) AS return_c,
       CASE medium WHEN 'cooling' THEN -1 ELSE 1 END
           * (forward_lc / nullif(forward_l, 0) - return_lc / nullif(return_l, 0)) AS delta_t_c,
       1000.0::double precision * volume_l / nullif(energy_with_volume_wh, 0) AS flow_m3_per_mwh,
       (volume_l - energy_with_volume_wh / (1.16 * target_delta_t_c)) / 1000.0::double precision AS excess_flow_m3,
       (ARRAY['missing', 'measured', 'interpolated', 'manual', 'estimated'])[badness + 1] AS quality, revision,
       days_with_temperature, degree_days, normal_degree_days, correction_factor, base_load_w, base_from,
       CASE WHEN base_load_w IS NULL OR correction_factor IS NULL THEN NULL
            ELSE round(energy_wh + (correction_factor - 1) * greatest(0, energy_wh - base_load_w * hours_present))
       END::bigint AS corrected_wh
  FROM (SELECT point.point_id, point.medium, calendar.month, calendar.year,
               coalesce(point.target_delta_t_c, CASE point.medium WHEN 'cooling' THEN 8 ELSE 45 END) AS target_delta_t_c,
               calendar.next_month - calendar.month AS days_expected,
               summed.days_present, summed.days_measured,
               summed.hours_expected + 24 * (calendar.next_month - calendar.month - summed.days) AS hours_expected,
               summed.hours_present, summed.hours_measured, summed.energy_wh, summed.maximum_hour_wh, summed.volume_l,
               summed.energy_with_volume_wh, summed.forward_lc, summed.forward_l, summed.return_lc, summed.return_l,
               summed.energy_return_wh_c, summed.energy_with_return_wh, summed.badness, summed.revision,
               summed.days_with_temperature, summed.degree_days, summed.normal_degree_days,
               CASE WHEN point.medium = 'cooling' THEN NULL
                    WHEN factor.factor IS NOT NULL THEN factor.factor
                    WHEN summed.days_with_temperature < summed.days_present THEN NULL
                    WHEN summed.days_with_normal < summed.days_present THEN NULL
                    WHEN summed.degree_days < summed.days_present THEN 1
                    ELSE summed.normal_degree_days / summed.degree_days END AS correction_factor,
               CASE WHEN signature.refused = 0 THEN signature.base_w::double precision
                    WHEN signature.refused = 3 THEN NULL
                    ELSE summer.mean_w END AS base_load_w,
               CASE WHEN signature.refused = 0 THEN 'signature'
                    WHEN signature.refused = 3 THEN 'not_by_temperature'
                    WHEN summer.mean_w IS NOT NULL THEN 'summer' ELSE 'unknown' END AS base_from
          FROM ingest.point
         CROSS JOIN ingest.calendar_month AS calendar
          LEFT JOIN ingest.station ON station.station_id = point.station_id
          LEFT JOIN ingest.normal_year AS imported
            ON imported.station_id = point.station_id AND imported.origin = 'imported'
          LEFT JOIN ingest.normal_factor AS factor
            ON factor.station_id = point.station_id AND factor.month = calendar.month
         CROSS JOIN LATERAL (
               SELECT count(*)::integer AS days, count(day.energy_wh)::integer AS days_present,
                      (count(*) FILTER (WHERE day.is_measured))::integer AS days_measured,
                      sum(day.hours_expected)::integer AS hours_expected,
                      sum(day.hours_present)::integer AS hours_present,
                      sum(day.hours_measured)::integer AS hours_measured,
                      sum(day.energy_wh)::bigint AS energy_wh, max(day.maximum_hour_wh) AS maximum_hour_wh,
                      sum(day.volume_l)::bigint AS volume_l,
                      (sum(day.energy_wh) FILTER (WHERE day.volume_l IS NOT NULL))::bigint AS energy_with_volume_wh,
                      sum(day.forward_lc)::double precision AS forward_lc, sum(day.forward_l)::bigint AS forward_l,
                      sum(day.return_lc)::double precision AS return_lc, sum(day.return_l)::bigint AS return_l,
                      sum(day.energy_return_wh_centi_c)::double precision / 100 AS energy_return_wh_c,
                      sum(day.energy_with_return_wh)::bigint AS energy_with_return_wh,
                      max(ingest.badness(day.quality)) AS badness, max(day.revision) AS revision,
                      (count(daily.mean_c) FILTER (WHERE day.energy_wh IS NOT NULL))::integer AS days_with_temperature,
                      sum(greatest(0, coalesce(station.degree_day_base_c, 17) - daily.mean_c) ORDER BY day.day)
                          FILTER (WHERE day.energy_wh IS NOT NULL) AS degree_days,
                      count(normal.degree_days) FILTER (WHERE day.energy_wh IS NOT NULL) AS days_with_normal,
                      sum(normal.degree_days ORDER BY day.day)
                          FILTER (WHERE day.energy_wh IS NOT NULL) AS normal_degree_days
                 FROM ingest.day
                 LEFT JOIN ingest.daily_temperature AS daily
                   ON daily.station_id = point.station_id AND daily.day = day.day
                 LEFT JOIN ingest.normal_day AS normal
                   ON normal.station_id = point.station_id AND normal.origin = coalesce(imported.origin, 'own')
                  AND normal.month = extract(month FROM day.day)::smallint
                  AND normal.day = extract(day FROM day.day)::smallint
                WHERE day.point_id = point.point_id AND day.day >= calendar.month AND day.day < calendar.next_month
                  AND ((SELECT permissions.sees_all())
                       OR EXISTS (SELECT FROM permissions.visible_period AS visible
                                   WHERE visible.user_id = (SELECT permissions.current_user_id())
                                     AND visible.point_id = day.point_id
                                     AND day.day >= permissions.nearest_day(visible.valid_from)
                                     AND day.day < permissions.nearest_day(visible.valid_to)))
               HAVING count(*) > 0) AS summed
          -- Both rest on other days: a visitor is shown what they give only where he sees these days.
          LEFT JOIN ingest.signature
            ON signature.point_id = point.point_id AND signature.month = calendar.next_month
           AND ((SELECT permissions.sees_all())
                OR EXISTS (SELECT FROM permissions.visible_period AS visible
                            WHERE visible.user_id = (SELECT permissions.current_user_id())
                              AND visible.point_id = signature.point_id
                              AND signature.month - 366 >= permissions.nearest_day(visible.valid_from)
                              AND signature.month <= permissions.nearest_day(visible.valid_to)))
          LEFT JOIN LATERAL (
               SELECT sum(day.energy_wh) / sum(day.hours_expected)::double precision AS mean_w
                 FROM (VALUES (calendar.summer), ((calendar.summer + interval '1 year')::date)) AS july(first)
                 JOIN ingest.day
                   ON day.point_id = point.point_id AND day.day >= july.first AND day.day < july.first + 62
                WHERE day.is_measured
                  AND ((SELECT permissions.sees_all())
                       OR EXISTS (SELECT FROM permissions.visible_period AS visible
                                   WHERE visible.user_id = (SELECT permissions.current_user_id())
                                     AND visible.point_id = day.point_id
                                     AND day.day >= permissions.nearest_day(visible.valid_from)
                                     AND day.day < permissions.nearest_day(visible.valid_to)))
                GROUP BY july.first
               HAVING count(*) >= 30
                ORDER BY july.first
                LIMIT 1) AS summer ON true) AS figures;

CREATE OR REPLACE VIEW ingest_v1.year WITH (security_barrier) AS
SELECT point_id, medium, year, ((year + interval '1 year')::date - year)::integer AS days_expected, days_present,
       days_measured, months, hours_expected, hours_present, hours_measured,
       hours_measured / hours_expected::double precision AS measured_share,
       energy_wh, maximum_hour_wh, volume_l,
       energy_return_wh_c / nullif(energy_with_return_wh, 0) AS energy_weighted_return_c,
       forward_lc / nullif(forward_l, 0) AS supply_c, return_lc / nullif(return_l, 0) AS return_c,
       CASE medium WHEN 'cooling' THEN -1 ELSE 1 END
           * (forward_lc / nullif(forward_l, 0) - return_lc / nullif(return_l, 0)) AS delta_t_c,
       1000.0::double precision * volume_l / nullif(energy_with_volume_wh, 0) AS flow_m3_per_mwh, excess_flow_m3,
       (ARRAY['missing', 'measured', 'interpolated', 'manual', 'estimated'])[quality] AS quality, revision,
       days_with_temperature, degree_days, normal_degree_days, corrected_wh
  FROM (SELECT month.point_id, month.medium, month.year, count(*)::integer AS months,
               sum(month.days_present)::integer AS days_present, sum(month.days_measured)::integer AS days_measured,
               (sum(month.hours_expected)
                + 24 * ((month.year + interval '1 year')::date - month.year - sum(month.days_expected)))::integer
                   AS hours_expected,
               sum(month.hours_present)::integer AS hours_present, sum(month.hours_measured)::integer AS hours_measured,
               sum(month.energy_wh)::bigint AS energy_wh, max(month.maximum_hour_wh) AS maximum_hour_wh,
               sum(month.volume_l)::bigint AS volume_l,
               sum(month.energy_with_volume_wh)::bigint AS energy_with_volume_wh,
               sum(month.forward_lc ORDER BY month.month) AS forward_lc, sum(month.forward_l)::bigint AS forward_l,
               sum(month.return_lc ORDER BY month.month) AS return_lc, sum(month.return_l)::bigint AS return_l,
               sum(month.energy_return_wh_c ORDER BY month.month) AS energy_return_wh_c,
               sum(month.energy_with_return_wh)::bigint AS energy_with_return_wh,
               sum(month.excess_flow_m3 ORDER BY month.month) AS excess_flow_m3,
               max(array_position(ARRAY['missing', 'measured', 'interpolated', 'manual', 'estimated'], month.quality))
                   AS quality,
               max(month.revision) AS revision, sum(month.days_with_temperature)::integer AS days_with_temperature,
               sum(month.degree_days ORDER BY month.month) AS degree_days,
               sum(month.normal_degree_days ORDER BY month.month) AS normal_degree_days,
               CASE WHEN count(month.corrected_wh) = count(month.energy_wh)
                    THEN sum(month.corrected_wh)::bigint END AS corrected_wh
          FROM ingest_v1.month
         GROUP BY month.point_id, month.medium, month.year) AS summed;

RESET ROLE;
