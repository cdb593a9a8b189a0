-- A sum of floats depends on their order in its last digit, and rows lie in the order in which they came: the same days
-- must give the same month, whatever came first. The views are those of 0016, which say what they mean, but for the ORDER
-- BY of such sums.
SET LOCAL ROLE ingest_views;

-- Degree days and their normal are of the days that have energy, so that part of a month is set against that part.
-- Energy below the base load does not depend on the weather. The base load is the signature's of the year up to the
-- month's end; where there is none, the mean of the measured days of July and August before the month's end, or else of
-- those that follow, 30 of them at least; of a facility whose use does not follow the temperature nothing is corrected. Where a
-- month has less than a degree day a day, nothing of it is weather to be corrected.
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
       (volume_l - energy_with_volume_wh / (1.16 * CASE medium WHEN 'cooling' THEN 8 ELSE 45 END)) / 1000.0::double precision AS excess_flow_m3,
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[quality + 1] AS quality, revision,
       days_with_temperature, degree_days, normal_degree_days, correction_factor, base_load_w, base_from,
       CASE WHEN base_load_w IS NULL OR correction_factor IS NULL THEN NULL
            ELSE round(energy_wh + (correction_factor - 1) * greatest(0, energy_wh - base_load_w * hours_present))
       END::bigint AS corrected_wh
  FROM (SELECT point.point_id, point.medium, calendar.month, calendar.year,
               calendar.next_month - calendar.month AS days_expected,
               summed.days_present, summed.days_measured,
               summed.hours_expected + 24 * (calendar.next_month - calendar.month - summed.days) AS hours_expected,
               summed.hours_present, summed.hours_measured, summed.energy_wh, summed.maximum_hour_wh, summed.volume_l,
               summed.energy_with_volume_wh, summed.forward_lc, summed.forward_l, summed.return_lc, summed.return_l,
               summed.energy_return_wh_c, summed.energy_with_return_wh, summed.quality, summed.revision,
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
                      max(day.quality) AS quality, max(day.revision) AS revision,
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

-- A year has a corrected energy where each of its months that has energy has one.
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
       (ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'])[quality] AS quality, revision,
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
               max(array_position(ARRAY['missing', 'measured', 'interpolated', 'estimated', 'manual'], month.quality))
                   AS quality,
               max(month.revision) AS revision, sum(month.days_with_temperature)::integer AS days_with_temperature,
               sum(month.degree_days ORDER BY month.month) AS degree_days,
               sum(month.normal_degree_days ORDER BY month.month) AS normal_degree_days,
               CASE WHEN count(month.corrected_wh) = count(month.energy_wh)
                    THEN sum(month.corrected_wh)::bigint END AS corrected_wh
          FROM ingest_v1.month
         GROUP BY month.point_id, month.medium, month.year) AS summed;

-- Of each station the one that counts, by month: of 28 days in February.
CREATE OR REPLACE VIEW ingest_v1.normal_year WITH (security_barrier) AS
SELECT normal.station_id, normal_day.month, sum(normal_day.degree_days ORDER BY normal_day.day) AS degree_days,
       min(normal_day.years) AS years, count(*) AS days, normal.origin, normal.source, normal.first_year, normal.last_year
  FROM ingest.normal_year AS normal
  JOIN ingest.normal_day USING (station_id, origin)
 WHERE (SELECT permissions.sees_all() OR permissions.current_user_id() IS NOT NULL)
   AND (normal_day.month, normal_day.day) <> (2, 29)
   AND (normal.origin = 'imported'
        OR NOT EXISTS (SELECT FROM ingest.normal_year AS other
                        WHERE other.station_id = normal.station_id AND other.origin = 'imported'))
 GROUP BY normal.station_id, normal.origin, normal_day.month;

RESET ROLE;
