-- Ingest's tables: who may send, which meter sat where, what was read, and the hours and days that follow from it.
--
-- No row-level policy stands on the big tables: TimescaleDB refuses to compress a table that has one. Visitors
-- reach them only through the views of ingest_v1, which ask permissions.visible_period.
SET LOCAL ROLE ingest_owner;

CREATE TABLE ingest.station (
    station_id text PRIMARY KEY,
    name       text NOT NULL
);

CREATE TABLE ingest.source (
    source_id uuid PRIMARY KEY,
    name      text     NOT NULL UNIQUE,
    kind      text     NOT NULL CHECK (kind IN ('live', 'bulk')),
    key_hash  text     NOT NULL UNIQUE,
    rank      smallint NOT NULL,
    state     text     NOT NULL CHECK (state IN ('active', 'revoked')),
    serials   text[]   -- the meters it may speak of; NULL: any
);

CREATE TABLE ingest.delivery (
    delivery_id     uuid PRIMARY KEY,
    source_id       uuid        NOT NULL REFERENCES ingest.source,
    idempotency_key text,
    body_sha256     bytea       NOT NULL,
    received_at     timestamptz NOT NULL,
    items           integer     NOT NULL,
    taken           integer     NOT NULL,
    correlation_id  text        NOT NULL,
    UNIQUE (source_id, idempotency_key)
);

-- What came in, byte for byte, so that an invoice can be explained and a fault of ours replayed.
CREATE TABLE ingest.delivery_payload (
    delivery_id  uuid  PRIMARY KEY REFERENCES ingest.delivery,
    content_type text  NOT NULL,
    bytes        bytea NOT NULL
);

-- What became of a delivery's readings, message by message; the key makes a message that comes twice count once.
CREATE TABLE ingest.delivery_result (
    delivery_id uuid     NOT NULL,
    partition   integer  NOT NULL,
    next_offset bigint   NOT NULL,
    verdict     smallint NOT NULL,
    readings    integer  NOT NULL,
    PRIMARY KEY (delivery_id, partition, next_offset, verdict)
);

-- A copy of what contracts owns, kept by facilities-changed.
CREATE TABLE ingest.point (
    point_id   integer PRIMARY KEY,
    number     text    NOT NULL UNIQUE,
    station_id text,
    medium     text    NOT NULL CHECK (medium IN ('heat', 'cooling')),
    maximum_kw integer NOT NULL CHECK (maximum_kw > 0),
    version    bigint  NOT NULL
);

CREATE TABLE ingest.meter (
    meter_id      integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial        text   NOT NULL UNIQUE,
    modulus_wh    bigint NOT NULL DEFAULT 0 CHECK (modulus_wh >= 0),
    modulus_l     bigint NOT NULL DEFAULT 0 CHECK (modulus_l >= 0),
    resolution_wh bigint NOT NULL DEFAULT 1000 CHECK (resolution_wh > 0)
);
COMMENT ON COLUMN ingest.meter.modulus_wh IS 'where the energy register starts again from zero; 0: never';

CREATE TABLE ingest.meter_installation (
    meter_id     integer     NOT NULL REFERENCES ingest.meter,
    point_id     integer     NOT NULL REFERENCES ingest.point,
    installed_at timestamptz NOT NULL,
    removed_at   timestamptz CHECK (removed_at > installed_at),
    start_wh     bigint,
    stop_wh      bigint,
    start_l      bigint,
    stop_l       bigint,
    PRIMARY KEY (meter_id, installed_at),
    CONSTRAINT one_meter_at_a_time EXCLUDE USING gist
        (point_id WITH =, tstzrange(installed_at, removed_at) WITH &&),
    CONSTRAINT one_place_at_a_time EXCLUDE USING gist
        (meter_id WITH =, tstzrange(installed_at, removed_at) WITH &&)
);

-- Rises with every change of points, meters and installations, so that a worker knows when to read them anew.
CREATE TABLE ingest.reference_version (
    one_row boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    version bigint  NOT NULL
);
INSERT INTO ingest.reference_version VALUES (true, 1);

-- The row that a worker locks before it touches a metering point, and all it needs to go on from the newest
-- reading. Times in seconds since 1970; -2^63 stands for "not known", so that rows have one width.
CREATE TABLE ingest.point_state (
    point_id        integer  PRIMARY KEY,
    newest_s        bigint   NOT NULL DEFAULT -9223372036854775808,
    accepted_s      bigint   NOT NULL DEFAULT -9223372036854775808,
    accepted_wh     bigint   NOT NULL DEFAULT -9223372036854775808,
    accepted_l      bigint   NOT NULL DEFAULT -9223372036854775808,
    accepted_forward_lc bigint NOT NULL DEFAULT -9223372036854775808,
    accepted_return_lc  bigint NOT NULL DEFAULT -9223372036854775808,
    mark_s          bigint   NOT NULL DEFAULT -9223372036854775808,
    mark_wh         bigint   NOT NULL DEFAULT -9223372036854775808,
    mark_l          bigint   NOT NULL DEFAULT -9223372036854775808,
    mark_forward_lc bigint   NOT NULL DEFAULT -9223372036854775808,
    mark_return_lc  bigint   NOT NULL DEFAULT -9223372036854775808,
    mark_quality    smallint NOT NULL DEFAULT 0,
    offset_wh       bigint   NOT NULL DEFAULT 0,
    offset_l        bigint   NOT NULL DEFAULT 0,
    unbroken        smallint NOT NULL DEFAULT 0,
    has_open_samples smallint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);
COMMENT ON COLUMN ingest.point_state.offset_wh IS
    'what is to be added to the meter''s own register so that it runs on over rollover and meter exchange';
COMMENT ON COLUMN ingest.point_state.unbroken IS
    'how many readings at the end follow each other plausibly, counted up to the look-ahead of the judging';

CREATE TABLE ingest.reading (
    point_id     integer     NOT NULL,
    read_at      timestamptz NOT NULL,
    content_hash bigint      NOT NULL,
    meter_id     integer,
    rank         smallint    NOT NULL,
    recorded_at  timestamptz NOT NULL,
    energy_wh    bigint      NOT NULL,
    volume_l     bigint,
    forward_lc   bigint,
    return_lc    bigint,
    flow_l_per_h real,
    power_w      real,
    supply_c     real,
    return_c     real,
    withdrawn    boolean     NOT NULL,
    verdict      smallint    NOT NULL,
    delivery_id  uuid,
    PRIMARY KEY (point_id, read_at, content_hash)
) PARTITION BY RANGE (read_at);
CREATE INDEX refused_reading ON ingest.reading (delivery_id) WHERE verdict >= 10;

-- Readings that no metering point can be found for, and those that were refused for their form.
CREATE TABLE ingest.held_reading (
    held_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    serial      text,
    number      text,
    read_at     timestamptz,
    content_hash bigint,
    reading     jsonb       NOT NULL,
    verdict     smallint    NOT NULL,
    reason      text        NOT NULL,
    delivery_id uuid,
    held_at     timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (serial, number, read_at, content_hash, verdict)
);
CREATE INDEX held_by_delivery ON ingest.held_reading (delivery_id);

CREATE TABLE ingest.hour (
    point_id        integer     NOT NULL,
    starts_at       timestamptz NOT NULL,
    energy_wh       bigint,
    volume_l        bigint,
    forward_lc      bigint,
    return_lc       bigint,
    supply_centi_c  integer,
    return_centi_c  integer,
    start_quality   smallint    NOT NULL,
    end_quality     smallint    NOT NULL,
    revision        bigint      NOT NULL,
    PRIMARY KEY (point_id, starts_at)
) PARTITION BY RANGE (starts_at);
COMMENT ON COLUMN ingest.hour.energy_wh IS 'NULL: an hour that was known and, after a withdrawal, no longer is';

CREATE TABLE ingest.day (
    point_id                 integer  NOT NULL,
    day                      date     NOT NULL,
    energy_wh                bigint,
    maximum_hour_wh          bigint,
    hours_expected           smallint NOT NULL,
    hours_present            smallint NOT NULL,
    hours_measured           smallint NOT NULL,
    is_measured              boolean  NOT NULL,
    volume_l                 bigint,
    forward_lc               bigint,
    return_lc                bigint,
    energy_return_wh_centi_c bigint   NOT NULL,
    energy_with_return_wh    bigint   NOT NULL,
    register_wh              bigint,
    register_l               bigint,
    quality                  smallint NOT NULL,
    revision                 bigint   NOT NULL,
    PRIMARY KEY (point_id, day)
) PARTITION BY RANGE (day);
COMMENT ON COLUMN ingest.day.register_wh IS
    'the energy register at the end of the day, running on over rollover and meter exchange';

CREATE TABLE ingest.outdoor_temperature (
    station_id  text        NOT NULL,
    starts_at   timestamptz NOT NULL,
    celsius     real        NOT NULL CHECK (celsius BETWEEN -80 AND 60),
    recorded_at timestamptz NOT NULL,
    PRIMARY KEY (station_id, starts_at)
);

CREATE TABLE ingest.daily_temperature (
    station_id text     NOT NULL,
    day        date     NOT NULL,
    mean_c     double precision,
    hours      smallint NOT NULL,
    revision   bigint   NOT NULL,
    PRIMARY KEY (station_id, day)
);

-- Spans to judge again, because an installation or a limit changed.
CREATE TABLE ingest.rejudge (
    rejudge_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    point_id   integer NOT NULL,
    from_at    timestamptz NOT NULL,
    to_at      timestamptz NOT NULL,
    reason     text    NOT NULL
);

-- Makes the partitions for a span of months. ATTACH, unlike PARTITION OF, does not stop those who write.
CREATE FUNCTION ingest.ensure_partitions(first_at timestamptz, last_at timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
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
            EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.%I INCLUDING ALL)', child, parent);
            EXECUTE format('ALTER TABLE ingest.%I ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, child, month, month + interval '1 month');
            made := made + 1;
        END LOOP;
    END LOOP;
    -- A local day may lie in another year than its hours do in UTC, hence a day more at each end.
    FOR month IN SELECT generate_series(date_trunc('year', first_at - interval '1 day'),
                                        last_at + interval '1 day', interval '1 year') LOOP
        child := 'day' || to_char(month, '_YYYY');
        CONTINUE WHEN to_regclass('ingest.' || child) IS NOT NULL;
        EXECUTE format('CREATE TABLE ingest.%I (LIKE ingest.day INCLUDING ALL)', child);
        EXECUTE format('ALTER TABLE ingest.day ATTACH PARTITION ingest.%I FOR VALUES FROM (%L) TO (%L)',
                       child, month::date, (month + interval '1 year')::date);
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;
REVOKE EXECUTE ON FUNCTION ingest.ensure_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ingest.ensure_partitions TO ingest;

GRANT SELECT, INSERT, UPDATE ON
    ingest.station, ingest.source, ingest.point, ingest.meter, ingest.reference_version, ingest.point_state,
    ingest.reading, ingest.hour, ingest.day, ingest.outdoor_temperature, ingest.daily_temperature TO ingest;
GRANT SELECT, INSERT ON ingest.delivery, ingest.delivery_payload, ingest.delivery_result TO ingest;
GRANT SELECT, INSERT, UPDATE, DELETE ON ingest.meter_installation, ingest.held_reading, ingest.rejudge TO ingest;

GRANT SELECT ON ingest.reading, ingest.held_reading, ingest.hour, ingest.day, ingest.outdoor_temperature,
    ingest.daily_temperature, ingest.station, ingest.meter, ingest.point TO ingest_views;

RESET ROLE;
