-- Which options end when a price list goes, since the one in its place does not offer them, as the customer is told it.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.notice ADD COLUMN options_end jsonb NOT NULL DEFAULT '[]';
COMMENT ON COLUMN contracts.notice.options_end IS
    'reference, name and valid_to of each option that ends, since the price list in place of the old does not offer it';

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE OR REPLACE VIEW contracts_v1.notice WITH (security_barrier) AS
SELECT notice.contract_id, notice.price_list_id, notice.withdrawn_on, notice.replaced_by, notice.told_at,
       notice.costs, notice.lacks, notice.options_end
  FROM contracts.notice;

RESET ROLE;
