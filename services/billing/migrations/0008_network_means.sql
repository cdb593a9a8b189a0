-- The network's mean of a month, closed before its first invoice: what a price may hold a facility's own against.
SET LOCAL ROLE billing_owner;

CREATE TABLE billing.network_mean (
    network_id               text        NOT NULL,
    medium                   text        NOT NULL,
    month                    date        NOT NULL CHECK (extract(day FROM month) = 1),
    return_by_energy_centi_c bigint,
    return_by_flow_centi_c   bigint,
    l_per_mwh                bigint,
    points                   integer     NOT NULL,
    closed_at                timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (network_id, medium, month)
);
COMMENT ON COLUMN billing.network_mean.points IS 'the metering points that the mean is of; it is never reckoned again';

ALTER TABLE billing.network_mean ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.network_mean FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON billing.network_mean TO billing USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON billing.network_mean TO billing;

RESET ROLE;
