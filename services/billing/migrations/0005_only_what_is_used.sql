-- What the code does not do, its role may not do: a month that is billed stays that contract's and that month's.
SET LOCAL ROLE billing_owner;

REVOKE UPDATE ON billing.contract, billing.number_series, billing.period FROM billing;
GRANT UPDATE (version, contract_number, customer_id, point_id, first_day, end_day, terms, powers)
    ON billing.contract TO billing;
GRANT UPDATE (next_number, chain_sha256) ON billing.number_series TO billing;
GRANT UPDATE (customer_id, point_id, part_from, part_to, state, held_reason, dirty_reason, invoice_id, changed_at)
    ON billing.period TO billing;

RESET ROLE;
SET LOCAL ROLE billing_views;

REVOKE ALL ON ALL TABLES IN SCHEMA billing_v1 FROM permissions, contracts, ingest, billing, alerts, gateway;
GRANT SELECT ON billing_v1.invoice TO gateway;
-- The command counts them, as this role.
GRANT SELECT ON billing_v1.invoice TO billing;

RESET ROLE;
