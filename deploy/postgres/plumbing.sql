-- The tables that services/common needs in every service's own schema. Running it again changes nothing.
DO $$
DECLARE
    service text;
BEGIN
    FOREACH service IN ARRAY ARRAY['permissions', 'contracts', 'ingest', 'billing', 'alerts'] LOOP
        EXECUTE format('SET LOCAL ROLE %I', service || '_owner');

        -- How far a topic's partition is stored; moved in the transaction that stores, which fences a worker
        -- that lost the partition. The cluster is named because a recreated broker counts from 0 again.
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.stored_position (
            cluster_id  text    NOT NULL,
            topic       text    NOT NULL,
            partition   integer NOT NULL,
            next_offset bigint  NOT NULL CHECK (next_offset >= 0),
            PRIMARY KEY (cluster_id, topic, partition)
        )', service);
        -- The crc32 of the last stored message's value: a topic made anew has another message there, or none.
        -- NULL where it is not known, and then it is not compared.
        EXECUTE format('ALTER TABLE %I.stored_position ADD COLUMN IF NOT EXISTS last_value_crc bigint', service);

        -- Events written with the change they tell of; deleted once the broker has acknowledged them.
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.outbox (
            id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            topic   text   NOT NULL,
            key     bytea,
            headers jsonb  NOT NULL,
            value   bytea
        )', service);
        EXECUTE format('ALTER TABLE %I.outbox
            ADD COLUMN IF NOT EXISTS written_at timestamptz NOT NULL DEFAULT clock_timestamp()', service);

        -- Each due time of a job, so that it runs once however many processes there are. One that was begun and not
        -- finished is taken again.
        EXECUTE format('CREATE TABLE IF NOT EXISTS %I.job_run (
            job         text        NOT NULL,
            due_at      timestamptz NOT NULL,
            started_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
            finished_at timestamptz,
            error       text,
            PRIMARY KEY (job, due_at)
        )', service);

        -- Only what a service puts to use: alerts keeps no positions, and few have jobs.
        EXECUTE format('REVOKE ALL ON %1$I.stored_position, %1$I.outbox, %1$I.job_run FROM %1$I', service);
        EXECUTE format('GRANT SELECT, INSERT, DELETE ON %1$I.outbox TO %1$I', service);
        IF service IN ('permissions', 'ingest', 'billing') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (next_offset, last_value_crc)
                ON %1$I.stored_position TO %1$I', service);
        END IF;
        IF service IN ('permissions', 'contracts', 'ingest') THEN
            EXECUTE format('GRANT SELECT, INSERT, UPDATE (started_at, finished_at, error)
                ON %1$I.job_run TO %1$I', service);
        END IF;
        RESET ROLE;
    END LOOP;
END
$$;
