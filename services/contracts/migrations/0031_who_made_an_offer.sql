-- A customer's choice of options may replace what such a choice offered before, and nothing that the utility offered.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.offer
    ADD COLUMN source text NOT NULL DEFAULT 'utility' CHECK (source IN ('utility', 'customer'));
COMMENT ON COLUMN contracts.offer.source IS 'who made this version: the utility, or its customer by a choice';

RESET ROLE;
