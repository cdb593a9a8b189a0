-- Orders to sign that nobody asks for any more are looked for every few seconds, and so are those that BankID let go.
SET LOCAL ROLE contracts_owner;

CREATE INDEX open_signings ON contracts.signing (begun_at) WHERE state IN ('starting', 'pending');

RESET ROLE;
