-- Contracts' tables: networks, facilities and their metering points, customers, contracts with dated terms,
-- price lists, and subscription power with what it rests on.
--
-- Row-level security is forced, so that not even the owner reads past it; who sees what stands in 0002.
SET LOCAL ROLE contracts_owner;

CREATE TABLE contracts.network (
    network_id text PRIMARY KEY,
    name       text NOT NULL
);

CREATE TABLE contracts.facility (
    facility_id     uuid   PRIMARY KEY,
    facility_number text   NOT NULL UNIQUE,
    name            text   NOT NULL,
    address         text   NOT NULL,
    area            text,
    category        text   NOT NULL
        CHECK (category IN ('small_house', 'apartments', 'premises', 'industry', 'public')),
    activity        text   NOT NULL CHECK (activity IN ('seven_day', 'weekday')),
    network_id      text   NOT NULL REFERENCES contracts.network,
    version         bigint NOT NULL DEFAULT 1
);

CREATE TABLE contracts.metering_point (
    point_id    integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    number      text    NOT NULL UNIQUE,
    facility_id uuid    NOT NULL REFERENCES contracts.facility,
    medium      text    NOT NULL CHECK (medium IN ('heat', 'cooling')),
    station_id  text,
    maximum_kw  integer CHECK (maximum_kw > 0)
);
COMMENT ON COLUMN contracts.metering_point.maximum_kw IS 'NULL: what is plausible follows from the category';
CREATE INDEX points_of_facility ON contracts.metering_point (facility_id);

CREATE TABLE contracts.customer (
    customer_id     uuid PRIMARY KEY,
    customer_number text NOT NULL UNIQUE,
    kind            text NOT NULL CHECK (kind IN ('consumer', 'business')),
    name            text NOT NULL,
    address         text NOT NULL,
    email           text,
    identity_hmac   bytea,
    identity_sealed bytea,
    CHECK ((identity_hmac IS NULL) = (identity_sealed IS NULL))
);
COMMENT ON COLUMN contracts.customer.identity_hmac IS
    'keyed digest of the personal or organisation number, to find it by; the number itself is only in identity_sealed';
CREATE INDEX customer_by_identity ON contracts.customer (identity_hmac);

CREATE TABLE contracts.price_list (
    price_list_id text        NOT NULL,
    version       integer     NOT NULL CHECK (version > 0),
    valid_from    date        NOT NULL,
    status        text        NOT NULL CHECK (status IN ('draft', 'firm', 'cap', 'forecast')),
    document      jsonb       NOT NULL,
    recorded_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (price_list_id, version)
);

CREATE TABLE contracts.contract (
    contract_id     uuid    PRIMARY KEY,
    contract_number text    NOT NULL UNIQUE,
    customer_id     uuid    NOT NULL REFERENCES contracts.customer,
    point_id        integer NOT NULL REFERENCES contracts.metering_point,
    valid_from      date    NOT NULL,
    valid_to        date    CHECK (valid_to > valid_from),
    version         bigint  NOT NULL DEFAULT 1,
    CONSTRAINT one_contract_at_a_time EXCLUDE USING gist (point_id WITH =, daterange(valid_from, valid_to) WITH &&)
);
COMMENT ON COLUMN contracts.contract.valid_to IS 'the first day that no longer counts; NULL: until further notice';
CREATE INDEX contracts_of_customer ON contracts.contract (customer_id);

-- The price list that counts from a day on, until the contract's next term or its end.
CREATE TABLE contracts.contract_term (
    contract_id   uuid NOT NULL REFERENCES contracts.contract,
    valid_from    date NOT NULL,
    price_list_id text NOT NULL,
    PRIMARY KEY (contract_id, valid_from)
);

-- A measured power with everything that it rests on, so that it can be drawn and explained years later.
CREATE TABLE contracts.determination (
    determination_id uuid    PRIMARY KEY,
    point_id         integer NOT NULL REFERENCES contracts.metering_point,
    contract_id      uuid    NOT NULL REFERENCES contracts.contract,
    winter           text    NOT NULL CHECK (winter ~ '^\d{4}/\d{4}$'),
    method           text    NOT NULL,
    window_from      date,
    window_to        date,
    days             integer,
    points           jsonb   NOT NULL,
    slope_kw_per_c   double precision,
    intercept_kw     double precision,
    r2               double precision,
    coverage         double precision,
    measured_kw      numeric(12, 2),
    in_force_kw      numeric(12, 2),
    decision         text    NOT NULL,
    reason           text,
    effective_on     date,
    input_revision   bigint  NOT NULL,
    input_sha256     bytea   NOT NULL,
    determined_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    UNIQUE (contract_id, winter, method, input_sha256),
    CHECK ((measured_kw IS NULL) = (reason IS NOT NULL))
);
COMMENT ON COLUMN contracts.determination.window_to IS 'the last day of the measuring period';
CREATE INDEX determinations_of_point ON contracts.determination (point_id, winter);

-- A power that staff entered and one that was measured may begin on the same day; then the measured one counts,
-- and putting the contract again does not take it back.
CREATE TABLE contracts.power_in_force (
    contract_id      uuid           NOT NULL REFERENCES contracts.contract,
    valid_from       date           NOT NULL,
    kw               numeric(12, 2) NOT NULL CHECK (kw >= 0),
    method           text           NOT NULL,
    determination_id uuid           REFERENCES contracts.determination,
    recorded_at      timestamptz    NOT NULL DEFAULT clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (contract_id, valid_from, determination_id),
    CHECK ((method = 'entered') = (determination_id IS NULL))
);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['network', 'facility', 'metering_point', 'customer', 'price_list', 'contract',
                                   'contract_term', 'determination', 'power_in_force'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT ON contracts.%I TO contracts, contracts_views', guarded);
    END LOOP;
END
$$;

-- The identity of a customer is for this service alone.
REVOKE SELECT ON contracts.customer FROM contracts_views;
GRANT SELECT (customer_id, customer_number, kind, name, address) ON contracts.customer TO contracts_views;

GRANT INSERT, UPDATE ON contracts.network, contracts.facility, contracts.metering_point, contracts.customer,
    contracts.contract TO contracts;
GRANT INSERT ON contracts.price_list, contracts.determination TO contracts;
GRANT INSERT, UPDATE, DELETE ON contracts.contract_term, contracts.power_in_force TO contracts;

RESET ROLE;
