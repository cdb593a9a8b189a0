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
    GRANT USAGE ON SCHEMA gateway TO gateway;

    -- Everybody may look into the published schemas; what they see there is each view's own matter.
    FOREACH service IN ARRAY ARRAY['permissions', 'contracts', 'ingest', 'billing', 'alerts'] LOOP
        EXECUTE format('GRANT USAGE ON SCHEMA %I TO permissions, contracts, ingest, billing, alerts, gateway',
                       service || '_v1');
        EXECUTE format('GRANT USAGE ON SCHEMA permissions TO %I, %I, %I', service, service || '_owner', service || '_views');
    END LOOP;
    GRANT USAGE ON SCHEMA permissions TO gateway;
END
$$;

-- Ranges of time and equal numbers in one exclusion constraint: no two meters at a point, no two contracts.
CREATE EXTENSION IF NOT EXISTS btree_gist;

-- No one may create objects in the public schema, which every role has on its search path.
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
