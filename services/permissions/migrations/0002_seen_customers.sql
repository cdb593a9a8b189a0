-- All customers that the session's person has a grant for, in one answer. A policy that asks for each row whether its
-- customer may be seen is slow over ten thousand invoices; asked this way, the grants are read once a statement.
SET LOCAL ROLE permissions_owner;

CREATE FUNCTION permissions.seen_customers() RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT own.customer_id FROM permissions.user_grant AS own
     WHERE own.user_id = (SELECT permissions.current_user_id())
    UNION
    SELECT passed_on.customer_id FROM permissions.manager_grant AS passed_on
     WHERE passed_on.user_id = (SELECT permissions.current_user_id())
$$;
REVOKE EXECUTE ON FUNCTION permissions.seen_customers FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.seen_customers
    TO permissions, contracts, ingest, billing, alerts, gateway,
       permissions_views, contracts_views, ingest_views, billing_views, alerts_views;

RESET ROLE;
