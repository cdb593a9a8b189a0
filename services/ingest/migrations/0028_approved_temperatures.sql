-- A value that its observer has approved counts before one that is not, whatever was recorded when.
SET LOCAL ROLE ingest_owner;

ALTER TABLE ingest.outdoor_temperature ADD COLUMN approved boolean NOT NULL DEFAULT false;
GRANT UPDATE (approved) ON ingest.outdoor_temperature TO ingest;

RESET ROLE;
