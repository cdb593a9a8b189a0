-- What a visitor asks reads his own rows and not the whole fleet's; what he may see stays the same.
--
-- A condition reaches below a window function only where its column parts the window; a contract has one point.
SET LOCAL ROLE contracts_views;

CREATE OR REPLACE VIEW contracts_v1.contract WITH (security_barrier) AS
SELECT contract.contract_id, contract.contract_number, contract.customer_id, contract.point_id,
       term.price_list_id, term.valid_from,
       coalesce(lead(term.valid_from) OVER (PARTITION BY contract.point_id, contract.contract_id
                                            ORDER BY term.valid_from),
                contract.valid_to) AS valid_to,
       contract.version
  FROM contracts.contract
  JOIN contracts.contract_term AS term USING (contract_id);

RESET ROLE;
SET LOCAL ROLE contracts_owner;

CREATE INDEX contracts_of_point ON contracts.contract (point_id, valid_from);

ALTER POLICY visible ON contracts.customer USING (
    (SELECT permissions.sees_all()) OR customer.customer_id IN (SELECT permissions.seen_customers()));

RESET ROLE;
