-- What the code does not do, its role may not do: so that a service which somebody has broken into reads and changes
-- no more than it does every day. A test holds the rights to the statements.
SET LOCAL ROLE permissions_owner;

-- Laid out, but nothing fills them yet.
REVOKE ALL ON permissions.company, permissions.company_member FROM permissions;
REVOKE INSERT, UPDATE, DELETE ON permissions.company_grant, permissions.manager_grant FROM permissions;

-- The audit trail is written here, and read by whoever looks into what this service did.
REVOKE SELECT ON permissions.audit FROM permissions;

-- Sessions and links end, and stay.
REVOKE DELETE ON permissions.session, permissions.login_link, permissions.contract_period FROM permissions;

-- Nothing here reads a personal number, not even a sealed one.
REVOKE SELECT ON permissions.person FROM permissions;
GRANT SELECT (user_id, user_name, name, email, language, staff_role) ON permissions.person TO permissions;

REVOKE UPDATE ON permissions.person, permissions.session, permissions.login_link, permissions.user_grant,
    permissions.contract_period, permissions.visible_period, permissions.grants_version FROM permissions;
GRANT UPDATE (name, email, language, staff_role) ON permissions.person TO permissions;
GRANT UPDATE (ended_at) ON permissions.session TO permissions;
GRANT UPDATE (used_at) ON permissions.login_link TO permissions;
GRANT UPDATE (level, granted_by, granted_at) ON permissions.user_grant TO permissions;
GRANT UPDATE (version, customer_id, point_id, valid_from, valid_to) ON permissions.contract_period TO permissions;
GRANT UPDATE (version) ON permissions.grants_version TO permissions;

-- A view calls its functions in the reader's name, so readers need them and not the views' owners. billing_views does,
-- because a function runs in its name.
REVOKE EXECUTE ON FUNCTION permissions.current_user_id(), permissions.is_service(), permissions.is_staff(),
    permissions.sees_all(), permissions.seen_customers()
    FROM permissions_views, contracts_views, ingest_views, alerts_views;
REVOKE EXECUTE ON FUNCTION permissions.seen_customers() FROM contracts, ingest, alerts;
REVOKE EXECUTE ON FUNCTION permissions.current_user_id() FROM permissions;
REVOKE EXECUTE ON FUNCTION permissions.nearest_day(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.nearest_day(timestamptz)
    TO contracts, ingest, billing, alerts, gateway, billing_views;

RESET ROLE;
SET LOCAL ROLE permissions_views;

REVOKE ALL ON permissions_v1.person, permissions_v1.customer_grant, permissions_v1.visible_period
    FROM permissions, contracts, ingest, billing, alerts, gateway;
GRANT SELECT ON permissions_v1.visible_period TO alerts, gateway;

RESET ROLE;
