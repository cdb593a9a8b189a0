-- Deliveries are kept compressed by us, so PostgreSQL need not try again. Held readings wait by what would free them.
SET LOCAL ROLE ingest_owner;

ALTER TABLE ingest.delivery_payload RENAME COLUMN bytes TO zstd_bytes;
ALTER TABLE ingest.delivery_payload ALTER COLUMN zstd_bytes SET STORAGE EXTERNAL;

CREATE INDEX held_by_serial ON ingest.held_reading (serial) WHERE verdict IN (13, 20, 21);
CREATE INDEX held_by_number ON ingest.held_reading (number) WHERE verdict IN (13, 20, 21);

ALTER TABLE ingest.held_reading ADD COLUMN rank smallint NOT NULL DEFAULT 0;
COMMENT ON COLUMN ingest.held_reading.rank IS 'of its source, with which it is read again once its meter is known';

-- What judging a span again has changed, kept until it was told of: a crash in between must not lose it.
ALTER TABLE ingest.rejudge ADD COLUMN changed_from timestamptz, ADD COLUMN changed_to timestamptz;
COMMENT ON COLUMN ingest.rejudge.changed_from IS 'NULL: not judged yet';

GRANT DELETE ON ingest.delivery_payload TO ingest;

RESET ROLE;
