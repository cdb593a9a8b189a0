-- Billing's tables: copies of dated contracts and price lists, what became of each contract's month, and the
-- invoices. Row-level security is forced, so that not even the owner reads past it; who sees what stands in 0002.
SET LOCAL ROLE billing_owner;

-- A copy of what contracts owns, kept by contracts-changed.
CREATE TABLE billing.contract (
    contract_id     uuid    PRIMARY KEY,
    version         bigint  NOT NULL,
    contract_number text    NOT NULL,
    customer_id     uuid    NOT NULL,
    point_id        integer NOT NULL,
    first_day       date    NOT NULL,
    end_day         date    NOT NULL CHECK (end_day >= first_day),
    terms           jsonb   NOT NULL,
    powers          jsonb   NOT NULL
);
COMMENT ON COLUMN billing.contract.end_day IS 'the first day that no longer counts; infinity: until further notice';
CREATE INDEX contracts_of_point ON billing.contract (point_id);

-- A copy too, by price-lists-changed. A version never changes.
CREATE TABLE billing.price_list (
    price_list_id text    NOT NULL,
    version       integer NOT NULL,
    document      jsonb   NOT NULL,
    PRIMARY KEY (price_list_id, version)
);

CREATE TABLE billing.number_series (
    year         integer PRIMARY KEY,
    next_number  bigint  NOT NULL,
    chain_sha256 bytea   NOT NULL
);
COMMENT ON TABLE billing.number_series IS
    'locked by whoever issues and moved in the same transaction, so that numbers have no gap; a sequence would leave one';

-- Written once. Nobody has the right to change or delete a row.
CREATE TABLE billing.invoice (
    invoice_id   uuid        PRIMARY KEY,
    year         integer     NOT NULL,
    sequence     bigint      NOT NULL,
    number       text        NOT NULL UNIQUE,
    contract_id  uuid        NOT NULL,
    customer_id  uuid        NOT NULL,
    point_id     integer     NOT NULL,
    month        date        NOT NULL CHECK (extract(day FROM month) = 1),
    part_from    date        NOT NULL,
    part_to      date        NOT NULL CHECK (part_to > part_from),
    issued_at    timestamptz NOT NULL,
    due_on       date        NOT NULL,
    net_ore      bigint      NOT NULL,
    vat_ore      bigint      NOT NULL,
    total_ore    bigint      NOT NULL CHECK (total_ore = net_ore + vat_ore),
    basis        jsonb       NOT NULL,
    chain_sha256 bytea       NOT NULL,
    UNIQUE (year, sequence),
    UNIQUE (contract_id, month)
);
CREATE INDEX invoices_of_month ON billing.invoice (month);
CREATE INDEX invoices_of_customer ON billing.invoice (customer_id);

CREATE TABLE billing.invoice_line (
    invoice_id  uuid    NOT NULL REFERENCES billing.invoice,
    line        integer NOT NULL,
    contract_id uuid    NOT NULL,
    point_id    integer NOT NULL,
    part_from   date    NOT NULL,
    part_to     date    NOT NULL CHECK (part_to > part_from),
    component   text    NOT NULL CHECK (component IN ('energy', 'power', 'fixed')),
    label       text    NOT NULL,
    quantity    numeric NOT NULL,
    unit        text    NOT NULL,
    price       numeric NOT NULL,
    fixed_price numeric NOT NULL,
    days        integer,
    year_days   integer,
    vat_percent numeric NOT NULL,
    amount_ore  bigint  NOT NULL,
    PRIMARY KEY (invoice_id, line),
    -- Every line can be worked out again from what stands on it. Multiplied out: a division would round by itself.
    CHECK (abs(amount_ore * coalesce(year_days, 1) - (quantity * price + fixed_price) * 100 * coalesce(days, 1)) * 2
           <= coalesce(year_days, 1))
);
COMMENT ON COLUMN billing.invoice_line.part_to IS 'the first day that no longer counts';
COMMENT ON COLUMN billing.invoice_line.fixed_price IS 'the fixed part of a power band, kr a year';
CREATE INDEX lines_of_point ON billing.invoice_line (point_id);

-- What became of a contract's month. One row each, so that no month is billed twice.
CREATE TABLE billing.period (
    contract_id  uuid        NOT NULL REFERENCES billing.contract,
    month        date        NOT NULL CHECK (extract(day FROM month) = 1),
    customer_id  uuid        NOT NULL,
    point_id     integer     NOT NULL,
    part_from    date        NOT NULL,
    part_to      date        NOT NULL,
    state        text        NOT NULL CHECK (state IN ('held', 'issued', 'dirty')),
    held_reason  text,
    dirty_reason text        CHECK (dirty_reason IN ('registers_changed', 'terms_changed', 'prices_changed')),
    invoice_id   uuid        REFERENCES billing.invoice,
    changed_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (contract_id, month),
    CHECK ((state = 'held') = (invoice_id IS NULL)),
    CHECK ((state = 'held') = (held_reason IS NOT NULL)),
    CHECK ((state = 'dirty') = (dirty_reason IS NOT NULL))
);
COMMENT ON COLUMN billing.period.state IS
    'dirty: issued, but what it rests on changed afterwards, so it is to be looked at again';
CREATE INDEX periods_of_month ON billing.period (month, state);

-- The running register at the ends of each billed part: what a correction must change to change the invoice.
CREATE TABLE billing.cited_register (
    contract_id uuid    NOT NULL,
    month       date    NOT NULL,
    point_id    integer NOT NULL,
    day         date    NOT NULL,
    register_wh bigint  NOT NULL,
    PRIMARY KEY (contract_id, month, day)
);
COMMENT ON COLUMN billing.cited_register.day IS 'the day at whose end the register stood so';
CREATE INDEX cited_by_point ON billing.cited_register (point_id, day);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['contract', 'price_list', 'number_series', 'invoice', 'invoice_line', 'period',
                                   'cited_register'] LOOP
        EXECUTE format('ALTER TABLE billing.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE billing.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON billing.%I TO billing USING (true) WITH CHECK (true)', guarded);
    END LOOP;
END
$$;

GRANT SELECT, INSERT, UPDATE ON billing.contract, billing.number_series TO billing;
GRANT SELECT, INSERT, UPDATE, DELETE ON billing.period TO billing;
GRANT SELECT, INSERT ON billing.price_list, billing.invoice, billing.invoice_line, billing.cited_register TO billing;
GRANT SELECT ON billing.invoice, billing.invoice_line, billing.period TO billing_views;

RESET ROLE;
