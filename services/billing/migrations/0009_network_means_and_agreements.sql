-- Estimates foresee what is held against a network's mean by the newest one that is known. No visitor's: the mean of a
-- network of one house is that house's.
SET LOCAL ROLE billing_owner;

CREATE POLICY visible ON billing.network_mean FOR SELECT TO billing_views USING ((SELECT permissions.sees_all()));
GRANT SELECT (network_id, medium, month, return_by_energy_centi_c, return_by_flow_centi_c, l_per_mwh, points)
    ON billing.network_mean TO billing_views;

RESET ROLE;
SET LOCAL ROLE billing_views;

CREATE VIEW billing_v1.network_mean WITH (security_barrier) AS
SELECT mean.network_id, mean.medium, mean.month, mean.return_by_energy_centi_c, mean.return_by_flow_centi_c,
       mean.l_per_mwh, mean.points
  FROM billing.network_mean AS mean;

GRANT SELECT ON billing_v1.network_mean TO contracts;

RESET ROLE;
SET LOCAL ROLE billing_owner;

-- What contracts have beside their price lists, whole and dated, as their terms and powers.
ALTER TABLE billing.contract
    ADD COLUMN options jsonb NOT NULL DEFAULT '[]', ADD COLUMN agreements jsonb NOT NULL DEFAULT '[]';
GRANT UPDATE (options, agreements) ON billing.contract TO billing;

RESET ROLE;
