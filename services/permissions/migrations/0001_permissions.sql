-- Who may see what: people, sessions, grants, and the periods of metering points that follow from them.
--
-- Every published view of every service asks the functions at the end of this file. Personal numbers are here
-- only as a keyed digest and sealed; tokens only as their SHA-256.
SET LOCAL ROLE permissions_owner;

CREATE TABLE permissions.person (
    user_id         uuid        PRIMARY KEY,
    user_name       text        NOT NULL UNIQUE,
    name            text        NOT NULL,
    email           text        UNIQUE,
    language        text        NOT NULL DEFAULT 'sv' CHECK (language IN ('sv', 'en')),
    staff_role      text        CHECK (staff_role IN ('operator', 'economist')),
    identity_hmac   bytea       UNIQUE,
    identity_sealed bytea,
    recorded_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK ((identity_hmac IS NULL) = (identity_sealed IS NULL))
);

CREATE TABLE permissions.session (
    token_hash   bytea       PRIMARY KEY,
    user_id      uuid        NOT NULL REFERENCES permissions.person,
    assurance    text        NOT NULL CHECK (assurance IN ('local', 'email', 'bankid')),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    last_seen_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at   timestamptz NOT NULL,
    ended_at     timestamptz
);
COMMENT ON COLUMN permissions.session.expires_at IS '12 hours after log-in at most; 30 idle minutes end it before';
CREATE INDEX sessions_of_person ON permissions.session (user_id);

-- A link is used by the POST that takes it, never by being looked at.
CREATE TABLE permissions.login_link (
    token_hash bytea       PRIMARY KEY,
    user_id    uuid        NOT NULL REFERENCES permissions.person,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);

CREATE TABLE permissions.user_grant (
    user_id     uuid        NOT NULL REFERENCES permissions.person,
    customer_id uuid        NOT NULL,
    level       text        NOT NULL CHECK (level IN ('read', 'full', 'administrator')),
    granted_by  text        NOT NULL,
    granted_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (user_id, customer_id)
);
CREATE INDEX grants_on_customer ON permissions.user_grant (customer_id);

CREATE TABLE permissions.company (
    company_id uuid PRIMARY KEY,
    name       text NOT NULL
);

CREATE TABLE permissions.company_member (
    company_id uuid NOT NULL REFERENCES permissions.company,
    user_id    uuid NOT NULL REFERENCES permissions.person,
    role       text NOT NULL CHECK (role IN ('manager', 'administrator')),
    PRIMARY KEY (company_id, user_id)
);

-- What a customer entrusts a company with. points: NULL is all of the customer's, else only those.
CREATE TABLE permissions.company_grant (
    company_id  uuid      NOT NULL REFERENCES permissions.company,
    customer_id uuid      NOT NULL,
    level       text      NOT NULL CHECK (level IN ('read', 'full')),
    points      integer[],
    PRIMARY KEY (company_id, customer_id)
);

-- What a company passes on to one of its own managers; it falls with the membership and with the grant.
CREATE TABLE permissions.manager_grant (
    company_id  uuid NOT NULL,
    customer_id uuid NOT NULL,
    user_id     uuid NOT NULL,
    PRIMARY KEY (company_id, customer_id, user_id),
    FOREIGN KEY (company_id, customer_id) REFERENCES permissions.company_grant ON DELETE CASCADE,
    FOREIGN KEY (company_id, user_id) REFERENCES permissions.company_member ON DELETE CASCADE
);

-- Our copy of which customer had which metering point when, from contracts-changed.
CREATE TABLE permissions.contract_period (
    contract_id uuid        PRIMARY KEY,
    version     bigint      NOT NULL,
    customer_id uuid        NOT NULL,
    point_id    integer     NOT NULL,
    valid_from  timestamptz NOT NULL,
    valid_to    timestamptz NOT NULL,
    CHECK (valid_to >= valid_from)
);
COMMENT ON COLUMN permissions.contract_period.valid_to IS 'local midnight of the first day outside; infinity: open';
CREATE INDEX periods_of_customer ON permissions.contract_period (customer_id);

-- Grant and contract period together, so that a buyer never sees the seller's past.
CREATE TABLE permissions.visible_period (
    user_id    uuid        NOT NULL,
    point_id   integer     NOT NULL,
    valid_from timestamptz NOT NULL,
    valid_to   timestamptz NOT NULL,
    level      text        NOT NULL CHECK (level IN ('read', 'full', 'administrator')),
    PRIMARY KEY (user_id, point_id, valid_from, valid_to)
);

CREATE TABLE permissions.grants_version (
    customer_id uuid   PRIMARY KEY,
    version     bigint NOT NULL
);
COMMENT ON TABLE permissions.grants_version IS 'counts up with each grants-changed, so that consumers know the newest';

CREATE TABLE permissions.audit (
    id      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at      timestamptz NOT NULL DEFAULT clock_timestamp(),
    actor   text        NOT NULL,
    action  text        NOT NULL,
    subject jsonb       NOT NULL
);

CREATE FUNCTION permissions.refuse_to_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit trail is only written on, never changed';
END
$$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON permissions.audit
    FOR EACH STATEMENT EXECUTE FUNCTION permissions.refuse_to_rewrite();

GRANT SELECT, INSERT, UPDATE ON permissions.person, permissions.session, permissions.login_link,
    permissions.company, permissions.grants_version TO permissions;
GRANT DELETE ON permissions.session, permissions.login_link TO permissions;
GRANT SELECT, INSERT, UPDATE, DELETE ON permissions.user_grant, permissions.company_member,
    permissions.company_grant, permissions.manager_grant, permissions.contract_period,
    permissions.visible_period TO permissions;
GRANT SELECT, INSERT ON permissions.audit TO permissions;
GRANT SELECT ON permissions.visible_period TO permissions_views, contracts_views, ingest_views, billing_views,
    alerts_views;
GRANT SELECT (user_id, user_name, name, email, language, staff_role) ON permissions.person TO permissions_views;
GRANT SELECT ON permissions.user_grant, permissions.company_grant, permissions.manager_grant TO permissions_views;

-- The session's person. The token comes with each transaction and is looked up by its digest.
CREATE FUNCTION permissions.current_user_id() RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT session.user_id
      FROM permissions.session AS session
     WHERE session.token_hash = sha256(convert_to(nullif(current_setting('kulvert.session_token', true), ''), 'UTF8'))
       AND session.ended_at IS NULL
       AND session.expires_at > now()
       AND session.last_seen_at > now() - interval '30 minutes'
$$;

-- True for the services themselves. As SECURITY INVOKER, since it is the caller's own role that counts.
CREATE FUNCTION permissions.is_service() RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT current_user IN ('ingest', 'alerts', 'billing', 'contracts', 'permissions')
        OR (SELECT role.rolsuper FROM pg_roles AS role WHERE role.rolname = current_user)
$$;

CREATE FUNCTION permissions.is_staff() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM permissions.person AS person
                    WHERE person.user_id = (SELECT permissions.current_user_id())
                      AND person.staff_role IS NOT NULL)
$$;

CREATE FUNCTION permissions.sees_all() RETURNS boolean
LANGUAGE sql STABLE SECURITY INVOKER SET search_path = pg_catalog, pg_temp AS $$
    SELECT permissions.is_service() OR permissions.is_staff()
$$;

-- SECURITY DEFINER: whoever asks through a view has no right to the grants themselves.
CREATE FUNCTION permissions.sees_customer(customer_id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT EXISTS (SELECT FROM permissions.user_grant AS own
                    WHERE own.user_id = (SELECT permissions.current_user_id())
                      AND own.customer_id = sees_customer.customer_id)
        OR EXISTS (SELECT FROM permissions.manager_grant AS passed_on
                    WHERE passed_on.user_id = (SELECT permissions.current_user_id())
                      AND passed_on.customer_id = sees_customer.customer_id)
$$;

-- The gateway's question on each request: who is this? Asking keeps the session awake; written at most once a
-- minute, so that a page with ten pictures is one write.
CREATE FUNCTION permissions.touch_session()
RETURNS TABLE (user_id uuid, name text, language text, staff_role text, expires_at timestamptz)
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    UPDATE permissions.session AS session
       SET last_seen_at = now()
     WHERE session.token_hash = sha256(convert_to(nullif(current_setting('kulvert.session_token', true), ''), 'UTF8'))
       AND session.user_id = permissions.current_user_id()
       AND session.last_seen_at < now() - interval '1 minute';
    SELECT person.user_id, person.name, person.language, person.staff_role, session.expires_at
      FROM permissions.session AS session
      JOIN permissions.person AS person ON person.user_id = session.user_id
     WHERE session.token_hash = sha256(convert_to(nullif(current_setting('kulvert.session_token', true), ''), 'UTF8'))
       AND session.user_id = permissions.current_user_id()
$$;

REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA permissions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.current_user_id(), permissions.is_service(), permissions.is_staff(),
    permissions.sees_all(), permissions.sees_customer(uuid)
    TO permissions, contracts, ingest, billing, alerts, gateway,
       permissions_views, contracts_views, ingest_views, billing_views, alerts_views;
GRANT EXECUTE ON FUNCTION permissions.touch_session() TO gateway;

RESET ROLE;
SET LOCAL ROLE permissions_views;

CREATE VIEW permissions_v1.person WITH (security_barrier) AS
SELECT person.user_id, person.user_name, person.name, person.email, person.language, person.staff_role
  FROM permissions.person AS person
 WHERE (SELECT permissions.sees_all()) OR person.user_id = (SELECT permissions.current_user_id());

CREATE VIEW permissions_v1.customer_grant WITH (security_barrier) AS
SELECT own.user_id, own.customer_id, own.level, NULL::uuid AS company_id
  FROM permissions.user_grant AS own
 WHERE (SELECT permissions.sees_all()) OR own.user_id = (SELECT permissions.current_user_id())
UNION ALL
SELECT passed_on.user_id, passed_on.customer_id, entrusted.level, passed_on.company_id
  FROM permissions.manager_grant AS passed_on
  JOIN permissions.company_grant AS entrusted USING (company_id, customer_id)
 WHERE (SELECT permissions.sees_all()) OR passed_on.user_id = (SELECT permissions.current_user_id());

CREATE VIEW permissions_v1.visible_period WITH (security_barrier) AS
SELECT visible.user_id, visible.point_id, visible.valid_from, visible.valid_to, visible.level
  FROM permissions.visible_period AS visible
 WHERE (SELECT permissions.sees_all()) OR visible.user_id = (SELECT permissions.current_user_id());

GRANT SELECT ON permissions_v1.person, permissions_v1.customer_grant, permissions_v1.visible_period
    TO permissions, contracts, ingest, billing, alerts, gateway;

RESET ROLE;
