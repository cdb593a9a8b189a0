-- A visitor's invoices are found by his metering points, and his customers are read once a statement.
SET LOCAL ROLE billing_owner;

CREATE INDEX invoices_of_point ON billing.invoice (point_id, month);

ALTER POLICY visible ON billing.invoice USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = invoice.point_id
                   AND billing.nearest_day(visible.valid_from) < invoice.part_to
                   AND billing.nearest_day(visible.valid_to) > invoice.part_from)
        AND invoice.customer_id IN (SELECT permissions.seen_customers())));

ALTER POLICY visible ON billing.period USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = period.point_id
                   AND billing.nearest_day(visible.valid_from) < period.part_to
                   AND billing.nearest_day(visible.valid_to) > period.part_from)
        AND period.customer_id IN (SELECT permissions.seen_customers())));

RESET ROLE;
-- The last that asked customer by customer.
SET LOCAL ROLE permissions_owner;
DROP FUNCTION permissions.sees_customer(uuid);
RESET ROLE;
