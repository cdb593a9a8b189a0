-- What a database that was put back from a backup must do otherwise: versions begin in a new epoch, and what was put
-- after the backup and is put again keeps the identity that others know it by.
SET LOCAL ROLE contracts_views;
DROP VIEW contracts_v1.price_list;
RESET ROLE;

-- An epoch does not fit into 32 bits.
ALTER TABLE contracts.price_list ALTER COLUMN version TYPE bigint;

-- One sequence for all facilities, which a backup puts back.
ALTER TABLE contracts.facility
    ALTER COLUMN version SET DEFAULT installation.numbered(nextval('contracts.facility_version'));

SET LOCAL ROLE contracts_owner;

CREATE TABLE contracts.lost_identity (
    kind     text NOT NULL CHECK (kind IN ('facility', 'metering_point', 'contract')),
    number   text NOT NULL,
    identity text NOT NULL,
    PRIMARY KEY (kind, number)
);
COMMENT ON TABLE contracts.lost_identity IS
    'what Kafka tells of and a backup did not have, until it is put again: else there would be two of it';
ALTER TABLE contracts.lost_identity ENABLE ROW LEVEL SECURITY;
ALTER TABLE contracts.lost_identity FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON contracts.lost_identity TO contracts USING (true) WITH CHECK (true);
GRANT SELECT, DELETE ON contracts.lost_identity TO contracts;

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE VIEW contracts_v1.price_list WITH (security_barrier) AS
SELECT price_list.price_list_id, price_list.version, price_list.valid_from, price_list.status, price_list.document
  FROM contracts.price_list;
GRANT SELECT ON contracts_v1.price_list TO gateway;

RESET ROLE;
