-- Orders by which somebody says with BankID who he is. Each is for the browser that began it, and for no other.
SET LOCAL ROLE permissions_owner;

CREATE TABLE permissions.bankid_order (
    order_id       uuid        PRIMARY KEY,
    browser_sha256 bytea       NOT NULL,
    state          text        NOT NULL CHECK (state IN ('starting', 'pending', 'let_in', 'failed', 'cancelled', 'refused')),
    reason         text        NOT NULL DEFAULT '',
    start_sealed   bytea,
    begun_at       timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at     timestamptz,
    asked_at       timestamptz,
    ended_at       timestamptz,
    CHECK ((ended_at IS NULL) = (state IN ('starting', 'pending')))
);
COMMENT ON COLUMN permissions.bankid_order.reason IS 'BankID''s hint, or why nobody was let in';
COMMENT ON COLUMN permissions.bankid_order.start_sealed IS 'the order''s reference, tokens and secret, until it has ended';
CREATE UNIQUE INDEX one_order_a_browser ON permissions.bankid_order (browser_sha256)
    WHERE state IN ('starting', 'pending');

GRANT SELECT, INSERT ON permissions.bankid_order TO permissions;
GRANT UPDATE (state, reason, start_sealed, started_at, asked_at, ended_at) ON permissions.bankid_order TO permissions;

RESET ROLE;
