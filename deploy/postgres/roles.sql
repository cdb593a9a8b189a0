-- Roles and schemas of every service. Run by an administrator before the migrations; running it again changes
-- nothing. Passwords are set elsewhere, from secrets.
--
-- For each service X: X_owner owns the schema and its tables, X is what the service logs in as, X_views owns
-- the published views in X_v1. Views are owned by a role of their own because a view runs with its owner's
-- rights: an owner of the tables would skip row-level security.
DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['permissions', 'contracts', 'ingest', 'billing', 'alerts'] LOOP
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = service || '_owner') THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', service || '_owner');
            EXECUTE format('CREATE ROLE %I NOLOGIN', service || '_views');
            EXECUTE format('CREATE ROLE %I LOGIN', service);
        END IF;
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service, service || '_owner');
        EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION %I', service || '_v1', service || '_views');
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I, %I', service, service, service || '_views');
    END LOOP;

    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'gateway') THEN
        CREATE ROLE gateway_owner NOLOGIN;
        CREATE ROLE gateway LOGIN;
    END IF;
    CREATE SCHEMA IF NOT EXISTS gateway AUTHORIZATION gateway_owner;

    -- The owner of permissions says who sees what: every view and policy asks its functions, in the reader's name.
    FOREACH service IN ARRAY ARRAY['permissions', 'contracts', 'ingest', 'billing', 'alerts'] LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA permissions TO %I, %I, %I', service, service || '_owner', service || '_views');
    END LOOP;
    GRANT USAGE ON SCHEMA permissions TO gateway;

    -- Who reads from whose published schema. Which of its views, the owner's migrations say.
    REVOKE ALL ON SCHEMA permissions_v1, contracts_v1, ingest_v1, billing_v1, alerts_v1, gateway
        FROM permissions, contracts, ingest, billing, alerts, gateway;
    GRANT USAGE ON SCHEMA permissions_v1 TO contracts, alerts, gateway;
    GRANT USAGE ON SCHEMA contracts_v1 TO permissions, contracts, billing, alerts, gateway;
    GRANT USAGE ON SCHEMA ingest_v1 TO contracts, ingest, billing, alerts, gateway;
    GRANT USAGE ON SCHEMA billing_v1 TO contracts, billing, gateway;
    GRANT USAGE ON SCHEMA alerts_v1 TO alerts, gateway;

    -- No one may make tables, be they temporary, beside those of the migrations: every role has the public schema on
    -- its search path, and a temporary table comes before all others.
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
    REVOKE CREATE ON SCHEMA public FROM PUBLIC;
END
$$;

-- Ranges of time and equal numbers in one exclusion constraint: no two meters at a point, no two contracts.
CREATE EXTENSION IF NOT EXISTS btree_gist;
