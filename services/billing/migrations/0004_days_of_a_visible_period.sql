-- The owner of visible periods says what days they have.
SET LOCAL ROLE billing_owner;

ALTER POLICY visible ON billing.invoice USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = invoice.point_id
                   AND permissions.nearest_day(visible.valid_from) < invoice.part_to
                   AND permissions.nearest_day(visible.valid_to) > invoice.part_from)
        AND invoice.customer_id IN (SELECT permissions.seen_customers())));

ALTER POLICY visible ON billing.period USING (
    (SELECT permissions.sees_all())
    OR (EXISTS (SELECT FROM permissions.visible_period AS visible
                 WHERE visible.user_id = (SELECT permissions.current_user_id())
                   AND visible.point_id = period.point_id
                   AND permissions.nearest_day(visible.valid_from) < period.part_to
                   AND permissions.nearest_day(visible.valid_to) > period.part_from)
        AND period.customer_id IN (SELECT permissions.seen_customers())));

DROP FUNCTION billing.nearest_day(timestamptz);

RESET ROLE;
