-- A metering point may move from one facility to another, and whoever keeps a copy of it must see which of two
-- facilities told of it last. So versions are counted in one series for all facilities, not for each its own.
SET LOCAL ROLE contracts_owner;

CREATE SEQUENCE contracts.facility_version;
ALTER TABLE contracts.facility ALTER COLUMN version SET DEFAULT nextval('contracts.facility_version');
GRANT USAGE ON SEQUENCE contracts.facility_version TO contracts;

RESET ROLE;

-- Row-level security hides the rows even from their owner.
SELECT setval('contracts.facility_version', (SELECT coalesce(max(version), 0) + 1 FROM contracts.facility));
