-- Deliveries to read again, because a meter did not sit where their readings were stored by its serial.
SET LOCAL ROLE ingest_owner;

CREATE TABLE ingest.reread (
    reread_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id    uuid        NOT NULL,
    serial         text        NOT NULL,
    from_at        timestamptz NOT NULL,
    to_at          timestamptz NOT NULL,
    verdicts       jsonb       NOT NULL,
    correlation_id text        NOT NULL
);
COMMENT ON COLUMN ingest.reread.verdicts IS 'how many of its readings had which verdict where they were stored';

GRANT SELECT, INSERT, UPDATE, DELETE ON ingest.reread TO ingest;

RESET ROLE;
