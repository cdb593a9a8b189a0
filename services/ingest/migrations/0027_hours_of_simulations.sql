-- What would be otherwise in a year is reckoned on the year's own hours.
SET LOCAL ROLE ingest_views;

GRANT SELECT (point_id, starts_at, energy_wh, quality) ON ingest_v1.hour TO contracts;

RESET ROLE;
