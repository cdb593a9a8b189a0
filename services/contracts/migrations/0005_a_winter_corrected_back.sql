-- Days that are corrected and corrected back give the same findings a second time, and what they decide is asked of
-- the power before them again: so the same findings may stand more than once.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.determination DROP CONSTRAINT determination_contract_id_winter_method_input_sha256_key;
CREATE INDEX determinations_of_winter ON contracts.determination (contract_id, winter, determined_at);

RESET ROLE;
