-- Telegrams: what must be known of meters and modules to read them, what they said, and reading them again.
SET LOCAL ROLE ingest_owner;

-- By serial and not by meter: keys come with a box of meters, before any of them is put.
CREATE TABLE ingest.meter_telegram (
    serial           text   PRIMARY KEY,
    sealed_key       bytea,
    clock_zone       text,
    integral_step_lc bigint CHECK (integral_step_lc > 0)
);
COMMENT ON COLUMN ingest.meter_telegram.sealed_key IS 'AES-128, sealed to the serial with KULVERT_TELEGRAM_KEY';

CREATE TABLE ingest.device (
    device_eui text   PRIMARY KEY CHECK (device_eui ~ '^[0-9a-f]{16}$'),
    serial     text   NOT NULL,
    session    text,
    counter    bigint,
    heard_at   timestamptz
);
COMMENT ON COLUMN ingest.device.counter IS 'of the uplink that the network heard last of those that were taken';

-- A telegram names its meter by digits alone; leading zeros tell no two apart.
CREATE INDEX meter_by_digits ON ingest.meter (ltrim(serial, '0'));
CREATE INDEX meter_telegram_by_digits ON ingest.meter_telegram (ltrim(serial, '0'));

ALTER TABLE ingest.held_reading ADD COLUMN waits_for text;
COMMENT ON COLUMN ingest.held_reading.waits_for IS 'the device or meter that would free a telegram once it is put';
CREATE INDEX held_by_what_frees ON ingest.held_reading (waits_for) WHERE waits_for IS NOT NULL;

ALTER TABLE ingest.delivery_payload ADD COLUMN kept_at timestamptz, ADD COLUMN read_as jsonb;
COMMENT ON COLUMN ingest.delivery_payload.read_as IS
    'the readings that the telegrams in it were last read as; NULL: it holds readings themselves';
UPDATE ingest.delivery_payload SET kept_at = delivery.received_at
  FROM ingest.delivery WHERE delivery.delivery_id = delivery_payload.delivery_id;
ALTER TABLE ingest.delivery_payload ALTER COLUMN kept_at SET NOT NULL,
                                    ALTER COLUMN kept_at SET DEFAULT clock_timestamp();
CREATE INDEX payload_by_age ON ingest.delivery_payload (kept_at);

-- Deliveries of telegrams that are to be read again: whole, or what waits for something that is there now.
CREATE TABLE ingest.replay (
    replay_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    delivery_id    uuid        NOT NULL,
    waits_for      text,
    asked_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    correlation_id text        NOT NULL
);

-- What meters said of themselves. A telegram that says nothing of the kind has no row.
CREATE TABLE ingest.meter_status (
    delivery_id uuid        NOT NULL,
    item        integer     NOT NULL,
    serial      text        NOT NULL,
    read_at     timestamptz NOT NULL,
    statuses    text[]      NOT NULL CHECK (cardinality(statuses) > 0),
    PRIMARY KEY (delivery_id, item)
);
CREATE INDEX status_by_meter ON ingest.meter_status (serial, read_at);

GRANT SELECT, INSERT ON ingest.meter_telegram, ingest.device TO ingest;
GRANT UPDATE (sealed_key, clock_zone, integral_step_lc) ON ingest.meter_telegram TO ingest;
GRANT UPDATE (serial, session, counter, heard_at) ON ingest.device TO ingest;
GRANT SELECT, INSERT, DELETE ON ingest.replay, ingest.meter_status TO ingest;
-- To lock a row; it is always generated, so nothing can be set.
GRANT UPDATE (replay_id) ON ingest.replay TO ingest;
GRANT UPDATE (taken) ON ingest.delivery TO ingest;
GRANT UPDATE (read_as) ON ingest.delivery_payload TO ingest;
GRANT DELETE ON ingest.delivery_payload TO ingest;
GRANT SELECT ON ingest.meter_status, ingest.meter_installation TO ingest_views;

RESET ROLE;
SET LOCAL ROLE ingest_views;

-- Where a meter sat then. Two gateways that heard one telegram say the same.
CREATE VIEW ingest_v1.meter_status WITH (security_barrier) AS
SELECT DISTINCT place.point_id, told.serial, told.read_at, told.statuses
  FROM ingest.meter_status AS told
  JOIN ingest.meter ON meter.serial = told.serial
  JOIN ingest.meter_installation AS place ON place.meter_id = meter.meter_id
       AND told.read_at >= place.installed_at AND told.read_at < coalesce(place.removed_at, 'infinity')
 WHERE (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM permissions.visible_period AS visible
                WHERE visible.user_id = (SELECT permissions.current_user_id())
                  AND visible.point_id = place.point_id
                  AND told.read_at >= visible.valid_from AND told.read_at < visible.valid_to);

RESET ROLE;
