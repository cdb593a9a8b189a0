-- What is true of the installation as a whole, and not of one service. Running it again changes nothing.
CREATE SCHEMA IF NOT EXISTS installation;
GRANT USAGE ON SCHEMA installation TO permissions, contracts, ingest, billing, alerts, gateway;

-- At whose midnights days, months, periods and invoices are cut. Written when the database is made, and never again:
-- what is stored could not be carried over to other midnights.
CREATE TABLE IF NOT EXISTS installation.time_zone (
    is_only_one   boolean     PRIMARY KEY DEFAULT true CHECK (is_only_one),
    name          text        NOT NULL,
    remembered_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
GRANT SELECT (name) ON installation.time_zone TO permissions, contracts, ingest, billing, alerts, gateway;

-- How often the database was put back from a backup. The epochs rise, but not by one: two that were put back from the
-- same backup must not be in the same epoch.
CREATE TABLE IF NOT EXISTS installation.restore (
    -- Of 21 bits, so that an epoch with a version behind it is a number that a double, as in JavaScript, holds exactly.
    epoch       bigint      PRIMARY KEY CHECK (epoch > 0 AND epoch < 2097152),
    restored_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- What was said of it: what staff have to put again is known once only.
ALTER TABLE installation.restore ADD COLUMN IF NOT EXISTS report text;
GRANT SELECT (epoch) ON installation.restore TO permissions, contracts, ingest;

-- Below no version that is given in this epoch lies: what Kafka still has of before is older, whatever its number was.
-- In a database that was never put back it is 0.
CREATE OR REPLACE FUNCTION installation.version_floor() RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT coalesce(max(restore.epoch), 0) << 32 FROM installation.restore
$$;

CREATE OR REPLACE FUNCTION installation.next_version(old bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT greatest(next_version.old + 1, installation.version_floor())
$$;
-- For versions that one sequence counts for many objects, whatever a backup has put it back to.
CREATE OR REPLACE FUNCTION installation.numbered(n bigint) RETURNS bigint
LANGUAGE sql STABLE AS $$
    SELECT installation.version_floor() + numbered.n
$$;
REVOKE EXECUTE ON FUNCTION installation.version_floor(), installation.next_version(bigint), installation.numbered(bigint)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION installation.version_floor(), installation.next_version(bigint)
    TO permissions, contracts, ingest;
GRANT EXECUTE ON FUNCTION installation.numbered(bigint) TO contracts;
