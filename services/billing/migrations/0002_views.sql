-- What others may see of billing. A service and staff see all rows, a visitor those of his customers and periods.
SET LOCAL ROLE billing_owner;

-- The days of a visible period. Its ends are local midnights, which in every time zone lie within twelve hours
-- of the same date's midnight in UTC; a plain cast would show a buyer the seller's last day.
CREATE FUNCTION billing.nearest_day(midnight timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((midnight AT TIME ZONE 'UTC') + interval '12 hours')::date;

-- Both the metering point's period and the customer: a managing company may have one point and not the other.
CREATE POLICY visible ON billing.invoice FOR SELECT TO billing_views USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = invoice.point_id
                   AND billing.nearest_day(visible.valid_from) < invoice.part_to
                   AND billing.nearest_day(visible.valid_to) > invoice.part_from)
        AND permissions.sees_customer(invoice.customer_id)));

CREATE POLICY visible ON billing.invoice_line FOR SELECT TO billing_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM billing.invoice AS invoice WHERE invoice.invoice_id = invoice_line.invoice_id));

CREATE POLICY visible ON billing.period FOR SELECT TO billing_views USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = period.point_id
                   AND billing.nearest_day(visible.valid_from) < period.part_to
                   AND billing.nearest_day(visible.valid_to) > period.part_from)
        AND permissions.sees_customer(period.customer_id)));

RESET ROLE;
SET LOCAL ROLE billing_views;

CREATE VIEW billing_v1.invoice WITH (security_barrier) AS
SELECT invoice.invoice_id, invoice.number, invoice.contract_id, invoice.customer_id, invoice.point_id,
       invoice.month, invoice.part_from, invoice.part_to, invoice.issued_at, invoice.due_on,
       invoice.net_ore, invoice.vat_ore, invoice.total_ore, invoice.basis
  FROM billing.invoice;

CREATE VIEW billing_v1.invoice_line WITH (security_barrier) AS
SELECT line.invoice_id, line.line, line.contract_id, line.point_id, line.part_from, line.part_to, line.component,
       line.label, line.quantity, line.unit, line.price, line.fixed_price, line.days, line.year_days,
       line.vat_percent, line.amount_ore
  FROM billing.invoice_line AS line;

CREATE VIEW billing_v1.period WITH (security_barrier) AS
SELECT period.contract_id, period.month, period.customer_id, period.point_id, period.part_from, period.part_to,
       period.state, period.held_reason, period.dirty_reason, period.invoice_id
  FROM billing.period;

-- May the visitor see an invoice? For billing itself, whose own role sees all: inside, the role is billing_views,
-- so only the session counts, by the very policy that guards the view.
CREATE FUNCTION billing_v1.session_sees(invoice_number text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM billing.invoice AS invoice WHERE invoice.number = invoice_number)
$$;
REVOKE EXECUTE ON FUNCTION billing_v1.session_sees FROM PUBLIC;
GRANT EXECUTE ON FUNCTION billing_v1.session_sees TO billing;

GRANT SELECT ON ALL TABLES IN SCHEMA billing_v1 TO ingest, alerts, billing, contracts, permissions, gateway;

RESET ROLE;
