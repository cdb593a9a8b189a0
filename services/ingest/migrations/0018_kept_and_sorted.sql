-- What is older than the settings say goes, month by month, and months that are closed are sorted by metering point.
SET LOCAL ROLE ingest_owner;

CREATE TABLE ingest.kept (
    is_only_one   boolean     PRIMARY KEY DEFAULT true CHECK (is_only_one),
    readings_from timestamptz,
    settled_until timestamptz,
    days_from     date,
    CHECK ((readings_from IS NULL) = (settled_until IS NULL) AND settled_until >= readings_from)
);
INSERT INTO ingest.kept DEFAULT VALUES;
COMMENT ON COLUMN ingest.kept.readings_from IS
    'the month that readings and hours are kept from; before it only what later registers go on from; NULL: all';
COMMENT ON COLUMN ingest.kept.settled_until IS
    'the first local midnight of what is kept: no reading up to it is taken any more';
COMMENT ON COLUMN ingest.kept.days_from IS 'the year that days are kept from; NULL: all';

-- A gap may lie across that midnight, and what ends it may come or be corrected later: hence of each metering point what
-- lies behind its last reading before it is kept, too.
CREATE TABLE ingest.kept_point (
    point_id     integer     PRIMARY KEY,
    goes_on_from timestamptz NOT NULL
);
COMMENT ON COLUMN ingest.kept_point.goes_on_from IS
    'the local midnight before the last reading that was accepted up to settled_until; nothing before it is judged again';
GRANT SELECT ON ingest.kept, ingest.kept_point TO ingest;

-- As before, but for months that are gone: what is needed of them lies in one partition for all.
CREATE OR REPLACE FUNCTION ingest.ensure_partitions(first_at timestamptz, last_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    kept_from CONSTANT timestamptz := (SELECT coalesce(readings_from, '-infinity') FROM ingest.kept);
    month  timestamptz;
    parent text;
    child  text;
    made   integer := 0;
BEGIN
    PERFORM set_config('TimeZone', 'UTC', true);
    PERFORM pg_advisory_xact_lock(hashtext('ingest.ensure_partitions'));
    FOR month IN SELECT generate_series(date_trunc('month', first_at), last_at, interval '1 month') LOOP
        FOREACH parent IN ARRAY ARRAY['reading', 'hour'] LOOP
            child := parent || to_char(month, '_YYYY_MM');
            CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
            CONTINUE WHEN month < kept_from;
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month, month + interval '1 month');
            made := made + 1;
        END LOOP;
    END LOOP;
    -- A local day may lie in another year than its hours do in UTC, hence a day more at each end.
    FOR month IN SELECT generate_series(date_trunc('year', first_at - interval '1 day'),
                                        last_at + interval '1 day', interval '1 year') LOOP
        FOREACH parent IN ARRAY ARRAY['day', 'day_was', 'hour_was'] LOOP
            child := parent || to_char(month, '_YYYY');
            CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month::date, (month + interval '1 year')::date);
            made := made + 1;
        END LOOP;
    END LOOP;
    RETURN made;
END
$$;

-- Until when there are partitions for what comes, without a month missing between.
CREATE FUNCTION ingest.partitions_until() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' AS $$
    SELECT min(month) FROM generate_series(date_trunc('month', now()), now() + interval '10 years', '1 month') AS month
     WHERE to_regclass('ingest.reading_' || to_char(month, 'YYYY_MM')) IS NULL
        OR to_regclass('ingest.hour_' || to_char(month, 'YYYY_MM')) IS NULL
$$;

-- The readings that hours, verdicts and registers go on from: all behind these midnights and, up to them, the last that
-- was accepted, the one with a volume from which those without one are bridged (for 31 days), and the one that shows
-- more than zero, by which zeros are judged.
CREATE FUNCTION ingest.still_needed()
    RETURNS TABLE (point_id integer, read_at timestamptz, content_hash bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT needed.point_id, needed.read_at, needed.content_hash
      FROM ingest.kept_point AS begin
      JOIN ingest.reading AS needed ON needed.point_id = begin.point_id
     WHERE needed.read_at > begin.goes_on_from
     UNION ALL
    SELECT needed.point_id, needed.read_at, needed.content_hash
      FROM ingest.kept_point AS begin
     CROSS JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND verdict = 1 AND reading.read_at <= begin.goes_on_from
            ORDER BY reading.read_at DESC LIMIT 1) AS last
      LEFT JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND verdict = 1 AND volume_l NOT IN (4294967295, 16777215)
              AND reading.read_at <= last.read_at AND reading.read_at >= begin.goes_on_from - interval '31 days'
            ORDER BY reading.read_at DESC LIMIT 1) AS volume ON true
      LEFT JOIN LATERAL (
           SELECT reading.read_at FROM ingest.reading
            WHERE reading.point_id = begin.point_id AND verdict = 1 AND (energy_wh > 0 OR volume_l > 0)
              AND reading.read_at <= coalesce(volume.read_at, last.read_at)
            ORDER BY reading.read_at DESC LIMIT 1) AS shown ON true
      JOIN ingest.reading AS needed
        ON needed.point_id = begin.point_id AND needed.verdict = 1
       AND needed.read_at IN (last.read_at, volume.read_at, shown.read_at)
$$;

-- Drops the months of readings and hours before one, and the years of days before another; returns what was dropped.
-- What is still needed of them lies in one partition each. Whoever calls it has the reference data alone, so that nobody
-- judges meanwhile.
CREATE FUNCTION ingest.drop_older(before timestamptz, settled timestamptz, days_before date, zone text)
    RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
    part   record;
    parent text;
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
    CREATE TABLE ingest.reading_needed (LIKE ingest.reading INCLUDING ALL);
    INSERT INTO ingest.reading_needed
    SELECT reading.* FROM ingest.still_needed() JOIN ingest.reading USING (point_id, read_at, content_hash)
     WHERE read_at < before;
    CREATE TABLE ingest.hour_needed (LIKE ingest.hour INCLUDING ALL);
    INSERT INTO ingest.hour_needed
    SELECT hour.* FROM ingest.kept_point AS begin JOIN ingest.hour USING (point_id)
     WHERE starts_at >= begin.goes_on_from AND starts_at < before;
    DELETE FROM ingest.flag WHERE starts_at < before;
    FOR part IN
        SELECT child.relname AS name
          FROM pg_inherits
          JOIN pg_class AS child ON child.oid = inhrelid
         CROSS JOIN LATERAL (
               SELECT inhparent::regclass::text AS parent,
                      to_timestamp(substring(child.relname FROM '_(\d{4}(_\d\d)?)$'), 'YYYY_MM') AS begins_at) AS of
         WHERE (of.parent IN ('ingest.reading', 'ingest.hour') AND begins_at < before)
            OR (of.parent = 'ingest.hour_was' AND begins_at + interval '1 year' <= before)
            OR (of.parent IN ('ingest.day', 'ingest.day_was') AND (begins_at + interval '1 year')::date <= days_before)
         ORDER BY begins_at, child.relname
    LOOP
        EXECUTE format('DROP TABLE ingest.%I', part.name);
        EXECUTE format('DROP TABLE IF EXISTS ingest.%I', part.name || '_sorted');
        RETURN NEXT part.name;
    END LOOP;
    FOREACH parent IN ARRAY ARRAY['reading', 'hour'] LOOP
        EXECUTE format('DROP TABLE IF EXISTS ingest.%I', parent || '_older');
        EXECUTE format('ALTER TABLE ingest.%I RENAME TO %I', parent || '_needed', parent || '_older');
        EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (MINVALUE) TO (%L)',
                       parent, parent || '_older', before);
        EXECUTE format('ANALYZE ingest.%I', parent || '_older');
    END LOOP;
    UPDATE ingest.kept SET readings_from = before, settled_until = settled, days_from = days_before;
END
$$;

-- How much was written to each month, and since when nothing was: what is quiet can be sorted.
CREATE TABLE ingest.partition_state (
    partition     text        PRIMARY KEY,
    writes        bigint      NOT NULL,
    quiet_since   timestamptz NOT NULL,
    sorted_at     timestamptz,
    sorted_writes bigint
);
COMMENT ON COLUMN ingest.partition_state.sorted_writes IS 'what was written when it was sorted; NULL: never sorted';

CREATE TABLE ingest.written_while_sorting (partition text NOT NULL);

-- Notes what was written since the last look, and gives the months to sort, the oldest first: ended and quiet for as
-- long as is asked for, and since they were sorted last a tenth of them was written anew.
CREATE FUNCTION ingest.partitions_to_sort(ended interval, quiet interval) RETURNS SETOF text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' AS $$
BEGIN
    DELETE FROM ingest.partition_state WHERE to_regclass('ingest.' || partition) IS NULL;
    INSERT INTO ingest.partition_state AS state (partition, writes, quiet_since)
    SELECT child.relname, writes, now()
      FROM pg_inherits
      JOIN pg_class AS child ON child.oid = inhrelid
     CROSS JOIN LATERAL (SELECT pg_stat_get_tuples_inserted(inhrelid) + pg_stat_get_tuples_updated(inhrelid)) AS of(writes)
     WHERE inhparent IN ('ingest.reading'::regclass, 'ingest.hour'::regclass)
       AND to_date(substring(child.relname FROM '_(\d{4}_\d\d)$'), 'YYYY_MM') + interval '1 month' <= now() - ended
        ON CONFLICT (partition) DO UPDATE SET writes = excluded.writes, quiet_since = now()
     WHERE state.writes <> excluded.writes;
    RETURN QUERY
    SELECT state.partition
      FROM ingest.partition_state AS state
      JOIN pg_class AS child ON child.oid = to_regclass('ingest.' || state.partition)
     WHERE state.quiet_since <= now() - quiet AND pg_relation_size(child.oid) > 0
       AND (state.sorted_at IS NULL OR state.writes - state.sorted_writes > greatest(1000, child.reltuples / 10))
     ORDER BY substring(state.partition FROM '\d{4}_\d\d$'), state.partition;
END
$$;

CREATE FUNCTION ingest.note_written() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    INSERT INTO ingest.written_while_sorting VALUES (TG_TABLE_NAME);
    RETURN NULL;
END
$$;

-- A month is sorted in three transactions: from the first one's commit on what is written to it is noted, the second
-- copies it, the third puts the copy in its place, where nothing was written meanwhile. Nobody waits for the copying.
-- What a process left that died between them is cleared away here.
CREATE FUNCTION ingest.begin_sorting(name text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET lock_timeout = '3s' AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM ingest.partition_state WHERE partition = name) THEN
        RAISE EXCEPTION 'ingest.% is no closed month', name;
    END IF;
    EXECUTE format('DROP TABLE IF EXISTS ingest.%I', name || '_sorted');
    EXECUTE format('CREATE OR REPLACE TRIGGER written_while_sorting AFTER INSERT OR UPDATE OR DELETE ON ingest.%I
                    FOR EACH ROW EXECUTE FUNCTION ingest.note_written()', name);
    DELETE FROM ingest.written_while_sorting WHERE partition = name;
END
$$;

CREATE FUNCTION ingest.copy_sorted(name text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' SET work_mem = '64MB' AS $$
DECLARE
    parent CONSTANT text := substring(name FROM '^(reading|hour)_\d{4}_\d\d$');
    -- Both keys begin with the metering point and the time.
    at     CONSTANT text := CASE parent WHEN 'hour' THEN 'starts_at' ELSE 'read_at' END;
    month  CONSTANT timestamptz := to_timestamp(right(name, 7), 'YYYY_MM');
    copied bigint;
BEGIN
    -- The constraint spares whoever attaches it to look through it while others wait.
    EXECUTE format('CREATE TABLE ingest.%1$I (LIKE ingest.%2$I INCLUDING ALL,
                        CONSTRAINT in_its_month CHECK (%3$I IS NOT NULL AND %3$I >= %4$L AND %3$I < %5$L))',
                   name || '_sorted', parent, at, month, month + interval '1 month');
    EXECUTE format('INSERT INTO ingest.%I SELECT * FROM ingest.%I ORDER BY point_id, %I', name || '_sorted', name, at);
    GET DIAGNOSTICS copied = ROW_COUNT;
    EXECUTE format('ANALYZE ingest.%I', name || '_sorted');
    -- What is written from here on is counted from these rows.
    PERFORM pg_stat_force_next_flush();
    RETURN copied;
END
$$;

CREATE FUNCTION ingest.end_sorting(name text, copied bigint) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog SET TimeZone = 'UTC' SET lock_timeout = '3s' AS $$
DECLARE
    parent CONSTANT text := substring(name FROM '^(reading|hour)_\d{4}_\d\d$');
    month  CONSTANT timestamptz := to_timestamp(right(name, 7), 'YYYY_MM');
BEGIN
    -- Everybody else locks the table before its months, too.
    EXECUTE format('LOCK TABLE ONLY ingest.%I IN ACCESS EXCLUSIVE MODE', parent);
    IF EXISTS (SELECT FROM ingest.written_while_sorting WHERE partition = name) THEN
        EXECUTE format('DROP TABLE ingest.%I', name || '_sorted');
        EXECUTE format('DROP TRIGGER written_while_sorting ON ingest.%I', name);
        DELETE FROM ingest.written_while_sorting WHERE partition = name;
        RETURN false;
    END IF;
    EXECUTE format('DROP TABLE ingest.%I', name);
    EXECUTE format('ALTER TABLE ingest.%I RENAME TO %I', name || '_sorted', name);
    EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                   parent, name, month, month + interval '1 month');
    EXECUTE format('ALTER TABLE ingest.%I DROP CONSTRAINT in_its_month', name);
    UPDATE ingest.partition_state
       SET sorted_at = now(), writes = copied, sorted_writes = copied, quiet_since = now()
     WHERE partition = name;
    RETURN true;
END
$$;

REVOKE EXECUTE ON FUNCTION ingest.partitions_until(), ingest.still_needed(),
    ingest.drop_older(timestamptz, timestamptz, date, text),
    ingest.partitions_to_sort(interval, interval),
    ingest.note_written(), ingest.begin_sorting(text), ingest.copy_sorted(text), ingest.end_sorting(text, bigint)
    FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.partitions_until(), ingest.drop_older(timestamptz, timestamptz, date, text),
    ingest.partitions_to_sort(interval, interval), ingest.begin_sorting(text), ingest.copy_sorted(text),
    ingest.end_sorting(text, bigint) TO ingest;

-- Deliveries go with the readings that they brought.
GRANT DELETE ON ingest.delivery, ingest.delivery_result TO ingest;
CREATE INDEX delivery_by_age ON ingest.delivery (received_at);
CREATE INDEX held_by_age ON ingest.held_reading (held_at);

RESET ROLE;
