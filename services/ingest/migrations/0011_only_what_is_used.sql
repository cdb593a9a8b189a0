-- What the code does not do, its role may not do: of a reading that is stored only the verdict changes, and what came
-- in stays as it came.
SET LOCAL ROLE ingest_owner;

REVOKE DELETE ON ingest.delivery_payload FROM ingest;
REVOKE INSERT ON ingest.reference_version FROM ingest;

REVOKE UPDATE ON ingest.station, ingest.source, ingest.point, ingest.meter, ingest.meter_installation,
    ingest.reference_version, ingest.point_state, ingest.reading, ingest.held_reading, ingest.hour, ingest.day,
    ingest.outdoor_temperature, ingest.daily_temperature, ingest.rejudge, ingest.reread FROM ingest;
GRANT UPDATE (name) ON ingest.station TO ingest;
GRANT UPDATE (kind, key_hash, rank, state, serials) ON ingest.source TO ingest;
GRANT UPDATE (number, station_id, medium, maximum_kw, version) ON ingest.point TO ingest;
GRANT UPDATE (modulus_wh, modulus_l, resolution_wh) ON ingest.meter TO ingest;
GRANT UPDATE (version) ON ingest.reference_version TO ingest;
GRANT UPDATE (newest_s, accepted_s, accepted_wh, accepted_l, accepted_forward_lc, accepted_return_lc, mark_s, mark_wh,
    mark_l, mark_forward_lc, mark_return_lc, mark_quality, offset_wh, offset_l, unbroken, has_open_samples)
    ON ingest.point_state TO ingest;
GRANT UPDATE (verdict) ON ingest.reading TO ingest;
GRANT UPDATE (energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c, start_quality, end_quality,
    revision) ON ingest.hour TO ingest;
GRANT UPDATE (energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured, volume_l,
    forward_lc, return_lc, energy_return_wh_centi_c, energy_with_return_wh, quality, register_wh, register_l, offset_wh,
    offset_l, revision) ON ingest.day TO ingest;
GRANT UPDATE (celsius, recorded_at) ON ingest.outdoor_temperature TO ingest;
GRANT UPDATE (mean_c, hours, revision) ON ingest.daily_temperature TO ingest;
GRANT UPDATE (changed_from, changed_to) ON ingest.rejudge TO ingest;
-- To lock a row, the right to update any one column is needed; these are always generated, so nothing can be set.
GRANT UPDATE (held_id) ON ingest.held_reading TO ingest;
GRANT UPDATE (reread_id) ON ingest.reread TO ingest;

-- No view reads them.
REVOKE SELECT ON ingest.point, ingest.station FROM ingest_views;

RESET ROLE;
SET LOCAL ROLE ingest_views;

REVOKE ALL ON ALL TABLES IN SCHEMA ingest_v1 FROM permissions, contracts, ingest, billing, alerts, gateway;
-- The command shows them, as this role.
GRANT SELECT ON ingest_v1.hour, ingest_v1.day, ingest_v1.reading, ingest_v1.refused, ingest_v1.outdoor_temperature
    TO ingest;
GRANT SELECT ON ingest_v1.day, ingest_v1.daily_temperature TO contracts;
GRANT SELECT ON ingest_v1.day TO billing;
GRANT SELECT ON ingest_v1.hour, ingest_v1.day TO alerts;
GRANT SELECT ON ingest_v1.hour, ingest_v1.day, ingest_v1.outdoor_temperature, ingest_v1.daily_temperature TO gateway;

RESET ROLE;
