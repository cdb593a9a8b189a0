-- Where TimescaleDB is installed, readings and hours are hypertables, and compressed after three months. Days stay in
-- partitions by year: they are few, and a late meter exchange moves the registers of all days behind it. No policy of
-- TimescaleDB's compresses, since it would run as the tables' owner, who may not log in: the job that sorts does it.
--
-- Run by the administrator, since it puts the views of others on the new tables; they keep their rights and whatever
-- stands on them. What is stored is copied, so there must be room for it twice.
DO $$
DECLARE
    big   record;
    seen  record;
    given record;
BEGIN
    PERFORM set_config('search_path', 'pg_catalog', true);
    FOR big IN SELECT * FROM (VALUES ('reading', 'read_at', 'read_at, content_hash'), ('hour', 'starts_at', 'starts_at'))
                          AS big(name, at, sorted_by)
    LOOP
        CREATE TEMPORARY TABLE seeing ON COMMIT DROP AS
        SELECT DISTINCT view.oid::regclass::text AS name, pg_get_viewdef(view.oid) AS definition,
               coalesce(' WITH (' || array_to_string(view.reloptions, ', ') || ')', '') AS options
          FROM pg_depend
          JOIN pg_rewrite AS rule ON rule.oid = pg_depend.objid AND pg_depend.classid = 'pg_rewrite'::regclass
          JOIN pg_class AS view ON view.oid = rule.ev_class
         WHERE pg_depend.refobjid = ('ingest.' || big.name)::regclass;
        EXECUTE format('ALTER TABLE ingest.%I RENAME TO partitioned', big.name);

        SET LOCAL ROLE ingest_owner;
        EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.partitioned INCLUDING ALL)', big.name);
        PERFORM public.create_hypertable(format('ingest.%I', big.name)::regclass,
                                         public.by_range(big.at, interval '1 month'), create_default_indexes => false);
        EXECUTE format('INSERT INTO ingest.%I SELECT * FROM ingest.partitioned', big.name);
        FOR given IN
            SELECT privilege_type, grantee::regrole AS role, NULL AS attribute
              FROM pg_class, aclexplode(relacl)
             WHERE pg_class.oid = 'ingest.partitioned'::regclass AND grantee <> relowner
            UNION ALL
            SELECT privilege_type, grantee::regrole, attname
              FROM pg_attribute, aclexplode(attacl)
             WHERE attrelid = 'ingest.partitioned'::regclass AND NOT attisdropped
        LOOP
            EXECUTE format('GRANT %s %s ON ingest.%I TO %s', given.privilege_type,
                           '(' || quote_ident(given.attribute) || ')', big.name, given.role);
        END LOOP;
        -- After the rights: TimescaleDB gives those to single columns to the compressed table, too, which lacks these.
        EXECUTE format('ALTER TABLE ingest.%I SET (timescaledb.compress, timescaledb.compress_segmentby = %L,
                            timescaledb.compress_orderby = %L)', big.name, 'point_id', big.sorted_by);
        RESET ROLE;

        FOR seen IN SELECT * FROM seeing LOOP
            EXECUTE format('CREATE OR REPLACE VIEW %s%s AS %s', seen.name, seen.options, seen.definition);
        END LOOP;
        DROP TABLE seeing;
        DROP TABLE ingest.partitioned;
    END LOOP;
    -- A batch of corrections may be of any number of compressed months; with a limit it would fail for ever.
    EXECUTE format('ALTER ROLE ingest IN DATABASE %I SET timescaledb.max_tuples_decompressed_per_dml_transaction = 0',
                   current_database());
END
$$;

SET LOCAL ROLE ingest_owner;

-- TimescaleDB makes the months of readings and hours itself, when the first row comes.
CREATE OR REPLACE FUNCTION ingest.ensure_partitions(first_at timestamptz, last_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    year   timestamptz;
    parent text;
    child  text;
    made   integer := 0;
BEGIN
    PERFORM set_config('TimeZone', 'UTC', true);
    PERFORM pg_advisory_xact_lock(hashtext('ingest.ensure_partitions'));
    FOR year IN SELECT generate_series(date_trunc('year', first_at - interval '1 day'),
                                       last_at + interval '1 day', interval '1 year') LOOP
        FOREACH parent IN ARRAY ARRAY['day', 'day_was', 'hour_was'] LOOP
            child := parent || to_char(year, '_YYYY');
            CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, year::date, (year + interval '1 year')::date);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

CREATE OR REPLACE FUNCTION ingest.partitions_until() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' AS $$
    SELECT 'infinity'::timestamptz
$$;

-- What is compressed is sorted. Chunks that were written to since are compressed anew.
CREATE OR REPLACE FUNCTION ingest.partitions_to_sort(ended interval, quiet interval) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' AS $$
DECLARE
    compressed    CONSTANT integer := 1;
    changed_since CONSTANT integer := 8;
BEGIN
    RETURN QUERY
    SELECT format('%I.%I', chunk.schema_name, chunk.table_name)
      FROM timescaledb_information.chunks AS seen
      JOIN _timescaledb_catalog.chunk ON chunk.schema_name = seen.chunk_schema AND chunk.table_name = seen.chunk_name
     WHERE seen.hypertable_schema = 'ingest' AND seen.range_end <= now() - greatest(ended, interval '3 months')
       AND (chunk.status & compressed = 0 OR chunk.status & changed_since > 0)
     ORDER BY seen.range_end, chunk.id;
END
$$;

CREATE OR REPLACE FUNCTION ingest.begin_sorting(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN;
END
$$;

CREATE OR REPLACE FUNCTION ingest.copy_sorted(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET work_mem = '64MB' AS $$
BEGIN
    PERFORM public.compress_chunk(name::regclass);
    RETURN 0;
END
$$;

CREATE OR REPLACE FUNCTION ingest.end_sorting(name text, copied bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN true;
END
$$;

-- Chunks that reach behind the month stay for now; what is still needed is put back into those that go.
CREATE OR REPLACE FUNCTION ingest.drop_older(before timestamptz, settled timestamptz, days_before date, zone text)
    RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
    part     record;
    readings ingest.reading[];
    hours    ingest.hour[];
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('ingest.ensure_partitions'));
    INSERT INTO ingest.kept_point AS known (point_id, goes_on_from)
    SELECT point.point_id, date_trunc('day', last.read_at, zone)
      FROM ingest.point_state AS point
     CROSS JOIN LATERAL (
           SELECT read_at FROM ingest.reading
            WHERE reading.point_id = point.point_id AND verdict = 1 AND read_at <= settled
            ORDER BY read_at DESC LIMIT 1) AS last
        ON CONFLICT (point_id) DO UPDATE SET goes_on_from = greatest(known.goes_on_from, excluded.goes_on_from);
    readings := ARRAY(SELECT reading FROM ingest.still_needed()
                        JOIN ingest.reading USING (point_id, read_at, content_hash) WHERE read_at < before);
    hours := ARRAY(SELECT hour FROM ingest.kept_point AS begin JOIN ingest.hour USING (point_id)
                    WHERE starts_at >= begin.goes_on_from AND starts_at < before);
    DELETE FROM ingest.flag WHERE starts_at < before;
    RETURN QUERY SELECT public.drop_chunks('ingest.reading', older_than => before);
    RETURN QUERY SELECT public.drop_chunks('ingest.hour', older_than => before);
    INSERT INTO ingest.reading SELECT * FROM unnest(readings) ON CONFLICT DO NOTHING;
    INSERT INTO ingest.hour SELECT * FROM unnest(hours) ON CONFLICT DO NOTHING;
    FOR part IN
        SELECT child.relname AS name
          FROM pg_inherits
          JOIN pg_class AS child ON child.oid = inhrelid
         CROSS JOIN LATERAL (
               SELECT inhparent::regclass::text AS parent,
                      to_timestamp(substring(child.relname FROM '_(\d{4})$'), 'YYYY') AS begins_at) AS of
         WHERE (parent = 'ingest.hour_was' AND begins_at + interval '1 year' <= before)
            OR (parent IN ('ingest.day', 'ingest.day_was') AND (begins_at + interval '1 year')::date <= days_before)
         ORDER BY begins_at, child.relname
    LOOP
        EXECUTE format('DROP TABLE ingest.%I', part.name);
        RETURN NEXT part.name;
    END LOOP;
    UPDATE ingest.kept SET readings_from = before, settled_until = settled, days_from = days_before;
END
$$;

RESET ROLE;
