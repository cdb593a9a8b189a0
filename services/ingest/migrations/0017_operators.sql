-- What operators do with readings, each with who and why; and what makes their list of work quick.
SET LOCAL ROLE ingest_owner;

-- Of what operators say. No key has this digest, and no source can be put under this name.
INSERT INTO ingest.source (source_id, name, kind, key_hash, rank, state)
VALUES ('00000000-0000-4000-8000-000000000101', 'an operator', 'live', 'none', 101, 'revoked');

CREATE TABLE ingest.edit (
    edit_id        uuid        PRIMARY KEY,
    at             timestamptz NOT NULL DEFAULT clock_timestamp(),
    who            text        NOT NULL,
    action         text        NOT NULL,
    point_id       integer,
    serial         text,
    from_at        timestamptz,
    to_at          timestamptz,
    document       jsonb       NOT NULL,
    cause          text        NOT NULL,
    correlation_id text        NOT NULL
);
COMMENT ON TABLE ingest.edit IS
    'what operators did; an edit that says something of readings is a delivery of the same id';
COMMENT ON COLUMN ingest.edit.to_at IS 'the last instant that is meant';
CREATE INDEX edit_by_point ON ingest.edit (point_id, from_at);
CREATE INDEX edit_by_time ON ingest.edit (at);

CREATE INDEX refused_by_point ON ingest.reading (point_id, verdict, read_at) INCLUDE (energy_wh) WHERE verdict >= 10;
CREATE INDEX operators_reading ON ingest.reading (point_id, read_at) WHERE rank = 101;

-- Nothing of it is ever changed.
GRANT SELECT, INSERT ON ingest.edit TO ingest;

RESET ROLE;
