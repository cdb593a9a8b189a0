-- What BankID answered to a log-in is kept as for a signature, and orders that nobody asks for any more are looked for.
SET LOCAL ROLE permissions_owner;

ALTER TABLE permissions.bankid_order ADD COLUMN completion_sealed bytea;
COMMENT ON COLUMN permissions.bankid_order.completion_sealed IS
    'sealed, since it names a person by his number: signature, OCSP response and all else that BankID answered';
GRANT UPDATE (completion_sealed) ON permissions.bankid_order TO permissions;
CREATE INDEX open_bankid_orders ON permissions.bankid_order (begun_at) WHERE state IN ('starting', 'pending');

RESET ROLE;
