-- What a contract has beside its price list: options that the list offers, and agreements by which its prices are others.
SET LOCAL ROLE contracts_owner;

CREATE TABLE contracts.chosen_option (
    contract_id uuid NOT NULL REFERENCES contracts.contract,
    reference   text NOT NULL,
    valid_from  date NOT NULL,
    valid_to    date CHECK (valid_to > valid_from),
    PRIMARY KEY (contract_id, reference, valid_from),
    EXCLUDE USING gist (contract_id WITH =, reference WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON COLUMN contracts.chosen_option.reference IS 'of an option in the extension of the price list that the contract has then';

CREATE TABLE contracts.price_agreement (
    contract_id      uuid    NOT NULL REFERENCES contracts.contract,
    name             text    NOT NULL,
    valid_from       date    NOT NULL,
    valid_to         date    NOT NULL CHECK (valid_to > valid_from),
    energy_per_mwh   numeric CHECK (energy_per_mwh >= 0),
    discount_percent numeric CHECK (discount_percent > 0 AND discount_percent <= 100),
    PRIMARY KEY (contract_id, valid_from),
    EXCLUDE USING gist (contract_id WITH =, daterange(valid_from, valid_to) WITH &&),
    CHECK ((energy_per_mwh IS NULL) <> (discount_percent IS NULL))
);
COMMENT ON COLUMN contracts.price_agreement.energy_per_mwh IS 'kr excluding VAT, in place of all prices of energy';

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['chosen_option', 'price_agreement'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON contracts.%I TO contracts', guarded);
    END LOOP;
END
$$;

RESET ROLE;
