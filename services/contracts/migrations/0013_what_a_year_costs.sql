-- What a contract's year costs is told to whoever sees the contract, and rests on the days that he sees.
SET LOCAL ROLE contracts_views;

-- For contracts itself, whose own role sees all: inside, the role is contracts_views, so only the session counts, by the
-- very policy that guards the view. Without bounds where the session's person is staff.
CREATE FUNCTION contracts_v1.session_days(number text) RETURNS TABLE (first_day date, end_day date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT CASE WHEN permissions.is_staff() THEN date '1990-01-01'
                ELSE greatest(min(permissions.nearest_day(visible.valid_from)), date '1990-01-01') END,
           CASE WHEN permissions.is_staff() THEN date '2060-12-31'
                ELSE least(max(permissions.nearest_day(visible.valid_to)), date '2060-12-31') END
      FROM contracts.contract AS contract
      LEFT JOIN permissions.visible_period AS visible
        ON visible.point_id = contract.point_id AND visible.user_id = (SELECT permissions.current_user_id())
     WHERE contract.contract_number = session_days.number
     GROUP BY contract.contract_id
$$;
REVOKE EXECUTE ON FUNCTION contracts_v1.session_days FROM PUBLIC;
GRANT EXECUTE ON FUNCTION contracts_v1.session_days TO contracts;

RESET ROLE;
