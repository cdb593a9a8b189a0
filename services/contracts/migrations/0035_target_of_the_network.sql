-- By how much a network's water is to be cooled or, for cooling, warmed: what flows beyond that is excess flow.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.network
    ADD COLUMN heat_target_delta_t_c    numeric(3, 1) NOT NULL DEFAULT 45 CHECK (heat_target_delta_t_c BETWEEN 5 AND 80),
    ADD COLUMN cooling_target_delta_t_c numeric(3, 1) NOT NULL DEFAULT 8 CHECK (cooling_target_delta_t_c BETWEEN 1 AND 20);
GRANT UPDATE (heat_target_delta_t_c, cooling_target_delta_t_c) ON contracts.network TO contracts;

RESET ROLE;
