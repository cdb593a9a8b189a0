-- An order that has ended, and with it what proves a signature, stays as it is: the service itself cannot rewrite it.
SET LOCAL ROLE contracts_owner;

CREATE FUNCTION contracts.refuse_to_reopen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'an order that has ended stays as it is';
END
$$;
-- A trigger and no policy: an order that has ended is still locked and read by whoever would end it.
CREATE TRIGGER ended_for_good BEFORE UPDATE ON contracts.signing
    FOR EACH ROW WHEN (OLD.ended_at IS NOT NULL) EXECUTE FUNCTION contracts.refuse_to_reopen();
REVOKE ALL ON FUNCTION contracts.refuse_to_reopen() FROM PUBLIC;

RESET ROLE;
