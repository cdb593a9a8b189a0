-- What the code does not do, its role may not do. Who reads a view is named here; an identity, once given, stays.
SET LOCAL ROLE contracts_owner;

REVOKE UPDATE ON contracts.network, contracts.facility, contracts.metering_point, contracts.customer,
    contracts.contract, contracts.contract_term, contracts.power_in_force FROM contracts;
GRANT UPDATE (name) ON contracts.network TO contracts;
GRANT UPDATE (name, address, area, category, activity, network_id, version) ON contracts.facility TO contracts;
GRANT UPDATE (facility_id, medium, station_id, maximum_kw) ON contracts.metering_point TO contracts;
GRANT UPDATE (kind, name, address, email, identity_hmac, identity_sealed) ON contracts.customer TO contracts;
GRANT UPDATE (valid_from, valid_to, version) ON contracts.contract TO contracts;

RESET ROLE;
SET LOCAL ROLE contracts_views;

REVOKE ALL ON ALL TABLES IN SCHEMA contracts_v1 FROM permissions, contracts, ingest, billing, alerts, gateway;
GRANT SELECT ON contracts_v1.contract, contracts_v1.metering_point, contracts_v1.power_in_force TO contracts;
GRANT SELECT ON contracts_v1.customer, contracts_v1.facility, contracts_v1.metering_point TO billing;
-- Not their names and addresses.
GRANT SELECT (customer_id, customer_number) ON contracts_v1.customer TO permissions;
-- Only whether there is one.
GRANT SELECT (point_id) ON contracts_v1.metering_point TO alerts;
GRANT SELECT ON contracts_v1.contract, contracts_v1.customer, contracts_v1.determination, contracts_v1.facility,
    contracts_v1.metering_point, contracts_v1.power_in_force, contracts_v1.price_list TO gateway;

RESET ROLE;
