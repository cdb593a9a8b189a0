-- What others may see of contracts. A service and staff see all rows, a visitor those of his own periods.
SET LOCAL ROLE contracts_owner;

-- The days of a visible period. Its ends are local midnights, which in every time zone lie within twelve hours
-- of the same date's midnight in UTC; a plain cast would show a buyer the seller's last day.
CREATE FUNCTION contracts.nearest_day(midnight timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((midnight AT TIME ZONE 'UTC') + interval '12 hours')::date;

CREATE POLICY visible ON contracts.metering_point FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = metering_point.point_id));

-- Seen by whoever sees one of its metering points; the policy above decides that.
CREATE POLICY visible ON contracts.facility FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM contracts.metering_point AS point WHERE point.facility_id = facility.facility_id));

CREATE POLICY visible ON contracts.customer FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR ((SELECT permissions.current_user_id()) IS NOT NULL AND permissions.sees_customer(customer.customer_id)));

CREATE POLICY visible ON contracts.contract FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = contract.point_id
                  AND contracts.nearest_day(visible.valid_from) < coalesce(contract.valid_to, 'infinity')
                  AND contracts.nearest_day(visible.valid_to) > contract.valid_from));

CREATE POLICY visible ON contracts.contract_term FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM contracts.contract AS contract WHERE contract.contract_id = contract_term.contract_id));

CREATE POLICY visible ON contracts.power_in_force FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM contracts.contract AS contract WHERE contract.contract_id = power_in_force.contract_id));

-- Its points show what the days before were like, so the whole measuring period must lie in the visitor's own.
CREATE POLICY visible ON contracts.determination FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = determination.point_id
                  AND contracts.nearest_day(visible.valid_from)
                      <= coalesce(determination.window_from, determination.determined_at::date)
                  AND contracts.nearest_day(visible.valid_to)
                      > coalesce(determination.window_to, determination.determined_at::date)));

-- Prices are nobody's secret, but only a known visitor may ask for them.
CREATE POLICY visible ON contracts.price_list FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR ((SELECT permissions.current_user_id()) IS NOT NULL AND price_list.status <> 'draft'));

CREATE POLICY visible ON contracts.network FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all()) OR (SELECT permissions.current_user_id()) IS NOT NULL);

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE VIEW contracts_v1.network WITH (security_barrier) AS
SELECT network.network_id, network.name FROM contracts.network;

CREATE VIEW contracts_v1.facility WITH (security_barrier) AS
SELECT facility.facility_id, facility.facility_number, facility.name, facility.address, facility.area,
       facility.category, facility.activity, facility.network_id
  FROM contracts.facility;

CREATE VIEW contracts_v1.metering_point WITH (security_barrier) AS
SELECT point.point_id, point.number, point.facility_id, point.medium, point.station_id,
       coalesce(point.maximum_kw, CASE facility.category WHEN 'small_house' THEN 50 ELSE 5000 END) AS maximum_kw
  FROM contracts.metering_point AS point
  JOIN contracts.facility USING (facility_id);

CREATE VIEW contracts_v1.customer WITH (security_barrier) AS
SELECT customer.customer_id, customer.customer_number, customer.kind, customer.name, customer.address
  FROM contracts.customer;

CREATE VIEW contracts_v1.contract WITH (security_barrier) AS
SELECT contract.contract_id, contract.contract_number, contract.customer_id, contract.point_id,
       term.price_list_id, term.valid_from,
       coalesce(lead(term.valid_from) OVER (PARTITION BY term.contract_id ORDER BY term.valid_from),
                contract.valid_to) AS valid_to,
       contract.version
  FROM contracts.contract
  JOIN contracts.contract_term AS term USING (contract_id);

CREATE VIEW contracts_v1.power_in_force WITH (security_barrier) AS
SELECT DISTINCT ON (power.contract_id, power.valid_from)
       power.contract_id, power.valid_from, power.kw, power.method, power.determination_id
  FROM contracts.power_in_force AS power
 ORDER BY power.contract_id, power.valid_from, power.determination_id IS NULL, power.recorded_at DESC;

CREATE VIEW contracts_v1.determination WITH (security_barrier) AS
SELECT determination.determination_id, determination.contract_id, determination.point_id, determination.winter,
       determination.method, determination.window_from, determination.window_to, determination.days,
       determination.points, determination.slope_kw_per_c, determination.intercept_kw, determination.r2,
       determination.coverage, determination.measured_kw, determination.in_force_kw, determination.decision,
       determination.reason, determination.effective_on, determination.determined_at
  FROM contracts.determination;

CREATE VIEW contracts_v1.price_list WITH (security_barrier) AS
SELECT price_list.price_list_id, price_list.version, price_list.valid_from, price_list.status, price_list.document
  FROM contracts.price_list;

GRANT SELECT ON ALL TABLES IN SCHEMA contracts_v1
    TO ingest, alerts, billing, contracts, permissions, gateway;

RESET ROLE;
