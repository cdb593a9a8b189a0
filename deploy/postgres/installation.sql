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
