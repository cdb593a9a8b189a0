-- What a year costs by the price list that goes, and by the one in its place, as the customer is told it; and what
-- economists see of a withdrawal.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.notice
    ADD COLUMN costs jsonb,
    ADD COLUMN lacks text,
    ADD CHECK (costs IS NULL OR lacks IS NULL);
COMMENT ON COLUMN contracts.notice.costs IS
    'a normal year by both price lists, for the same use: sums, versions, what it rests on, how uncertain it is';
COMMENT ON COLUMN contracts.notice.lacks IS
    'the name of what the costs could not be reckoned without; both NULL: told before notices had costs';

CREATE POLICY visible ON contracts.withdrawal FOR SELECT TO contracts_views USING ((SELECT permissions.sees_all()));
GRANT SELECT ON contracts.withdrawal TO contracts_views;

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE OR REPLACE VIEW contracts_v1.notice WITH (security_barrier) AS
SELECT notice.contract_id, notice.price_list_id, notice.withdrawn_on, notice.replaced_by, notice.told_at,
       notice.costs, notice.lacks
  FROM contracts.notice;

CREATE VIEW contracts_v1.withdrawal WITH (security_barrier) AS
SELECT withdrawal.price_list_id, withdrawal.withdrawn_on, withdrawal.replaced_by, withdrawal.who, withdrawal.cause,
       withdrawal.announced_at
  FROM contracts.withdrawal;

GRANT SELECT ON contracts_v1.withdrawal TO gateway;

RESET ROLE;
