-- Whether whoever signs is the person whose session it is. The number itself is read by nobody: digests are compared.
SET LOCAL ROLE permissions_owner;

GRANT SELECT (identity_hmac), UPDATE (identity_hmac, identity_sealed) ON permissions.person TO permissions;

-- Who has the session, how he logged in, and whether his personal number is known.
CREATE FUNCTION permissions.signer() RETURNS TABLE (user_id uuid, assurance text, is_identified boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT person.user_id, session.assurance, person.identity_hmac IS NOT NULL
      FROM permissions.session AS session
      JOIN permissions.person AS person ON person.user_id = session.user_id
     WHERE session.token_hash = sha256(convert_to(nullif(current_setting('kulvert.session_token', true), ''), 'UTF8'))
       AND session.user_id = permissions.current_user_id()
$$;

CREATE FUNCTION permissions.is_person(user_id uuid, identity_hmac bytea) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM permissions.person AS person
                    WHERE person.user_id = is_person.user_id AND person.identity_hmac = is_person.identity_hmac)
$$;

REVOKE EXECUTE ON FUNCTION permissions.signer(), permissions.is_person(uuid, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.signer(), permissions.is_person(uuid, bytea) TO contracts;

RESET ROLE;
SET LOCAL ROLE permissions_views;

-- Of whom somebody is an administrator, for those who let only administrators sign.
GRANT SELECT (user_id, customer_id, level) ON permissions_v1.customer_grant TO contracts;

RESET ROLE;
