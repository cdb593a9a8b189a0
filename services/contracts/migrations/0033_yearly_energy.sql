-- In place of a power, for price lists whose bands are of the yearly energy: the MWh of a normal year.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.power_in_force DROP CONSTRAINT power_in_force_check;
ALTER TABLE contracts.power_in_force ADD CONSTRAINT power_in_force_entered
    CHECK ((method IN ('entered', 'entered_energy')) = (determination_id IS NULL));
COMMENT ON COLUMN contracts.power_in_force.kw IS
    'of the methods entered_energy and yearly_energy MWh of a normal year, else kW';

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE OR REPLACE VIEW contracts_v1.power_in_force WITH (security_barrier) AS
SELECT DISTINCT ON (power.contract_id, power.valid_from)
       power.contract_id, power.valid_from, power.kw, power.method, power.determination_id,
       CASE WHEN power.method IN ('entered_energy', 'yearly_energy') THEN 'MWh' ELSE 'kW' END AS unit
  FROM contracts.power_in_force AS power
 ORDER BY power.contract_id, power.valid_from, power.determination_id IS NULL, power.recorded_at DESC;

RESET ROLE;
