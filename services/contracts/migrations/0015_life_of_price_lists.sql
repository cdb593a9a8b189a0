-- Who may choose a price list, and what becomes of its contracts when it is withdrawn.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.facility ADD COLUMN base_load text NOT NULL DEFAULT 'district_heating'
    CHECK (base_load IN ('district_heating', 'another'));
COMMENT ON COLUMN contracts.facility.base_load IS 'what covers most of the heat over the year';

CREATE TABLE contracts.withdrawal (
    price_list_id text        PRIMARY KEY,
    withdrawn_on  date        NOT NULL,
    replaced_by   text[]      NOT NULL CHECK (cardinality(replaced_by) > 0),
    who           text        NOT NULL,
    cause         text        NOT NULL,
    announced_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);
COMMENT ON COLUMN contracts.withdrawal.withdrawn_on IS 'the first day on which no contract is on it any more';
COMMENT ON COLUMN contracts.withdrawal.replaced_by IS
    'of these the first that a facility may choose is its contract''s from that day on, unless another was put';

ALTER TABLE contracts.contract_term ADD COLUMN moved_from text;
COMMENT ON COLUMN contracts.contract_term.moved_from IS
    'the withdrawn price list whose contract was moved by it; NULL: somebody put the term';

-- What a customer is told of a withdrawal: shown from the announcement on.
CREATE TABLE contracts.notice (
    contract_id   uuid        NOT NULL REFERENCES contracts.contract,
    price_list_id text        NOT NULL REFERENCES contracts.withdrawal,
    withdrawn_on  date        NOT NULL,
    replaced_by   text        NOT NULL,
    told_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (contract_id, price_list_id)
);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['withdrawal', 'notice'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
        EXECUTE format('GRANT SELECT, INSERT ON contracts.%I TO contracts', guarded);
    END LOOP;
END
$$;

CREATE POLICY visible ON contracts.notice FOR SELECT TO contracts_views USING (
    (SELECT permissions.sees_all())
    OR EXISTS (SELECT FROM contracts.contract AS contract WHERE contract.contract_id = notice.contract_id));

GRANT SELECT ON contracts.notice TO contracts_views;
GRANT UPDATE (base_load) ON contracts.facility TO contracts;

RESET ROLE;
SET LOCAL ROLE contracts_views;

CREATE VIEW contracts_v1.notice WITH (security_barrier) AS
SELECT notice.contract_id, notice.price_list_id, notice.withdrawn_on, notice.replaced_by, notice.told_at
  FROM contracts.notice;

GRANT SELECT ON contracts_v1.notice TO gateway;

RESET ROLE;
