-- So that what judging again changes can be followed back to the request that made it necessary.
SET LOCAL ROLE ingest_owner;

ALTER TABLE ingest.rejudge ADD COLUMN correlation_id text NOT NULL DEFAULT '';

RESET ROLE;
