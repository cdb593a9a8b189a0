-- The yearly run over all contracts: how far it has come, and what it proposes until an economist approves it.
SET LOCAL ROLE contracts_owner;

ALTER TABLE contracts.determination
    ADD COLUMN period_from    date,
    ADD COLUMN period_to      date,
    ADD COLUMN revision_sum   numeric,
    ADD COLUMN network_sum_kw numeric(14, 2),
    ADD COLUMN approved_by    text;
COMMENT ON COLUMN contracts.determination.period_from IS
    'the first of the days that the method took; the measuring period lies within; NULL: determined before it was noted';
COMMENT ON COLUMN contracts.determination.revision_sum IS
    'over the revisions of the days of the measuring period and of their temperatures; they only rise, so that another sum tells of a correction';
COMMENT ON COLUMN contracts.determination.network_sum_kw IS 'of all contracts in its network with the same medium';
COMMENT ON COLUMN contracts.determination.approved_by IS 'who approved what a yearly run proposed; NULL: determined on demand';

CREATE TABLE contracts.power_run (
    run_id      uuid        PRIMARY KEY,
    asked_on    date        NOT NULL UNIQUE,
    winter      text        NOT NULL CHECK (winter ~ '^\d{4}/\d{4}$'),
    contracts   integer     NOT NULL,
    done        integer     NOT NULL DEFAULT 0,
    reached     integer     NOT NULL DEFAULT 0,
    left_out    jsonb       NOT NULL DEFAULT '{}',
    begun_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    error       text
);
COMMENT ON COLUMN contracts.power_run.asked_on IS 'the day whose contracts and price lists count, and whose newest whole periods are measured';
COMMENT ON COLUMN contracts.power_run.reached IS 'the metering point that it has come to, in the order of their ids';
COMMENT ON COLUMN contracts.power_run.error IS 'what its newest batch failed with; it is tried again';
COMMENT ON COLUMN contracts.power_run.left_out IS 'how many contracts were not measured, by reason';

CREATE TABLE contracts.power_proposal (
    run_id           uuid    NOT NULL REFERENCES contracts.power_run,
    point_id         integer NOT NULL REFERENCES contracts.metering_point,
    contract_id      uuid    NOT NULL REFERENCES contracts.contract,
    network_id       text    NOT NULL,
    medium           text    NOT NULL,
    method           text    NOT NULL,
    reason           text,
    period_from      date    NOT NULL,
    period_to        date    NOT NULL,
    window_from      date,
    window_to        date,
    points           bytea   NOT NULL,
    slope_kw_per_c   double precision,
    intercept_kw     double precision,
    r2               double precision,
    coverage         double precision,
    measured_kw      numeric(12, 2),
    in_force_kw      numeric(12, 2),
    decision         text    NOT NULL,
    kw               numeric(12, 2),
    effective_on     date,
    input_revision   bigint  NOT NULL,
    revision_sum     numeric NOT NULL,
    state            text    NOT NULL DEFAULT 'proposed' CHECK (state IN ('proposed', 'approved', 'replaced', 'lapsed')),
    approved_by      text,
    approved_at      timestamptz,
    determination_id uuid    REFERENCES contracts.determination,
    PRIMARY KEY (run_id, point_id),
    CHECK ((measured_kw IS NULL) = (reason IS NOT NULL)),
    CHECK ((state = 'approved') = (determination_id IS NOT NULL)),
    CHECK ((approved_by IS NULL) = (state IN ('proposed', 'replaced'))),
    CHECK ((approved_by IS NULL) = (approved_at IS NULL))
);
COMMENT ON TABLE contracts.power_proposal IS
    'what a run measured of one contract; nothing of it is in force before it is approved and stands as a determination';
COMMENT ON COLUMN contracts.power_proposal.points IS
    'of each day that the power rests on: the day since 1970 (int4), mean temperature and kW (float8), little-endian; approved, they become the JSON of a determination';
COMMENT ON COLUMN contracts.power_proposal.effective_on IS 'from when it would count if it were approved on the day of the run';
COMMENT ON COLUMN contracts.power_proposal.state IS
    'replaced: a later run measured the contract anew; lapsed: its contract had ended when it was to be approved';
CREATE INDEX open_proposals_of_contract ON contracts.power_proposal (contract_id) WHERE state = 'proposed';

-- What each contract's share is a share of: the measured powers, or where nothing was determined the power in force.
CREATE TABLE contracts.power_run_network (
    run_id     uuid           NOT NULL REFERENCES contracts.power_run,
    network_id text           NOT NULL,
    medium     text           NOT NULL,
    sum_kw     numeric(14, 2) NOT NULL,
    PRIMARY KEY (run_id, network_id, medium)
);

DO $$
DECLARE
    guarded text;
BEGIN
    FOREACH guarded IN ARRAY ARRAY['power_run', 'power_proposal', 'power_run_network'] LOOP
        EXECUTE format('ALTER TABLE contracts.%I ENABLE ROW LEVEL SECURITY', guarded);
        EXECUTE format('ALTER TABLE contracts.%I FORCE ROW LEVEL SECURITY', guarded);
        EXECUTE format('CREATE POLICY service ON contracts.%I TO contracts USING (true) WITH CHECK (true)', guarded);
    END LOOP;
END
$$;
GRANT SELECT, INSERT ON contracts.power_run, contracts.power_proposal, contracts.power_run_network TO contracts;
GRANT UPDATE (done, reached, left_out, finished_at, error) ON contracts.power_run TO contracts;
GRANT UPDATE (state, approved_by, approved_at, determination_id) ON contracts.power_proposal TO contracts;

RESET ROLE;
