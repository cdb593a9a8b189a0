-- The power that a month was billed by where its price list counts the month's own peaks: what a correction of a day
-- must change to change the invoice.
SET LOCAL ROLE billing_owner;

CREATE TABLE billing.cited_peak (
    contract_id uuid    NOT NULL,
    month       date    NOT NULL,
    method      text    NOT NULL,
    point_id    integer NOT NULL,
    first_day   date    NOT NULL,
    end_day     date    NOT NULL CHECK (end_day > first_day),
    centi_kw    bigint  CHECK (centi_kw >= 0),
    PRIMARY KEY (contract_id, month, method)
);
COMMENT ON COLUMN billing.cited_peak.centi_kw IS 'NULL: too few days were measured, and an agreed power stands in';
CREATE INDEX cited_peaks_of_point ON billing.cited_peak (point_id, first_day);
ALTER TABLE billing.cited_peak ENABLE ROW LEVEL SECURITY;
ALTER TABLE billing.cited_peak FORCE ROW LEVEL SECURITY;
CREATE POLICY service ON billing.cited_peak TO billing USING (true) WITH CHECK (true);
GRANT SELECT, INSERT ON billing.cited_peak TO billing;

ALTER TABLE billing.period DROP CONSTRAINT period_dirty_reason_check;
ALTER TABLE billing.period ADD CONSTRAINT period_dirty_reason_check
    CHECK (dirty_reason IN ('registers_changed', 'terms_changed', 'prices_changed', 'peaks_changed'));

RESET ROLE;
