-- The owner of visible periods says what days they have.
SET LOCAL ROLE contracts_owner;

ALTER POLICY visible ON contracts.contract USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = contract.point_id
                  AND permissions.nearest_day(visible.valid_from) < coalesce(contract.valid_to, 'infinity')
                  AND permissions.nearest_day(visible.valid_to) > contract.valid_from));

ALTER POLICY visible ON contracts.determination USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = determination.point_id
                  AND permissions.nearest_day(visible.valid_from)
                      <= coalesce(determination.window_from, determination.determined_at::date)
                  AND permissions.nearest_day(visible.valid_to)
                      > coalesce(determination.window_to, determination.determined_at::date)));

DROP FUNCTION contracts.nearest_day(timestamptz);

RESET ROLE;
