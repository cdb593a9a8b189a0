-- Of a meter that is moved the readings are read again, too, that no delivery with its bytes is kept of: as they are stored.
SET LOCAL ROLE ingest_owner;

ALTER TABLE ingest.reread ALTER COLUMN delivery_id DROP NOT NULL, ADD COLUMN point_id integer;
COMMENT ON COLUMN ingest.reread.delivery_id IS 'NULL: of readings that no delivery brought, or none that is kept';
COMMENT ON COLUMN ingest.reread.point_id IS 'where they are stored; NULL of what was noted before';

RESET ROLE;
