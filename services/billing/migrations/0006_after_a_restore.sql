-- After the database was put back from a backup: invoices that were issued since are known by what the topic tells of
-- them, so that their numbers are not given again and no month is billed twice.

-- An epoch does not fit into 32 bits.
ALTER TABLE billing.price_list ALTER COLUMN version TYPE bigint;

SET LOCAL ROLE billing_owner;

CREATE TABLE billing.lost_invoice (
    invoice_id  uuid        PRIMARY KEY,
    year        integer     NOT NULL,
    sequence    bigint      NOT NULL,
    number      text        NOT NULL UNIQUE,
    contract_id uuid        NOT NULL,
    customer_id uuid        NOT NULL,
    point_id    integer     NOT NULL,
    month       date        NOT NULL,
    issued_at   timestamptz NOT NULL,
    due_on      date        NOT NULL,
    net_ore     bigint      NOT NULL,
    vat_ore     bigint      NOT NULL,
    total_ore   bigint      NOT NULL,
    UNIQUE (year, sequence)
);
COMMENT ON TABLE billing.lost_invoice IS 'issued after the backup that the database was put back from; without lines';
CREATE INDEX lost_invoices_of_contract ON billing.lost_invoice (contract_id, month);
ALTER TABLE billing.lost_invoice ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.lost_invoice FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON billing.lost_invoice TO billing USING (true) WITH CHECK (true);
GRANT SELECT ON billing.lost_invoice TO billing;

RESET ROLE;
