-- Who of the utility's staff has a session, for services that let only some of them do a thing. A customer is nobody.
SET LOCAL ROLE permissions_owner;

CREATE FUNCTION permissions.staff() RETURNS TABLE (name text, staff_role text, assurance text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT person.name, person.staff_role, session.assurance
      FROM permissions.session AS session
      JOIN permissions.person AS person ON person.user_id = session.user_id
     WHERE session.token_hash = sha256(convert_to(nullif(current_setting('kulvert.session_token', true), ''), 'UTF8'))
       AND session.user_id = permissions.current_user_id()
       AND person.staff_role IS NOT NULL
$$;

REVOKE EXECUTE ON FUNCTION permissions.staff() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.staff() TO contracts;

RESET ROLE;
