-- Programs that may ask which tariffs facilities have, each for facilities of its own. A secret is stored as its hash.
SET LOCAL ROLE contracts_owner;

CREATE TABLE contracts.tariff_client (
    client_id     text  PRIMARY KEY,
    name          text  NOT NULL,
    secret_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(secret_sha256) = 32)
);

CREATE TABLE contracts.tariff_client_facility (
    client_id   text NOT NULL REFERENCES contracts.tariff_client ON DELETE CASCADE,
    facility_id uuid NOT NULL REFERENCES contracts.facility,
    PRIMARY KEY (client_id, facility_id)
);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['tariff_client', 'tariff_client_facility'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON contracts.%I TO contracts', guarded);
    END LOOP;
END
$$;
GRANT UPDATE (name, secret_sha256) ON contracts.tariff_client TO contracts;

RESET ROLE;
