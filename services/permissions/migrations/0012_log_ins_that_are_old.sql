-- What BankID answered to a log-in shows who it was, for as long as somebody may ask: the months that a year's invoices
-- are disputed in. The months stand here, so that the service can let go of what is older and of nothing else.
SET LOCAL ROLE permissions_owner;

CREATE INDEX ended_bankid_orders ON permissions.bankid_order (ended_at) WHERE ended_at IS NOT NULL;

CREATE FUNCTION permissions.forget_log_ins(at_most integer) RETURNS bigint
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    WITH gone AS (
        DELETE FROM permissions.bankid_order
         WHERE order_id IN (SELECT old.order_id FROM permissions.bankid_order AS old
                             WHERE old.ended_at < clock_timestamp() - interval '13 months'
                             ORDER BY old.ended_at LIMIT at_most)
        RETURNING order_id
    )
    SELECT count(*) FROM gone
$$;
COMMENT ON FUNCTION permissions.forget_log_ins(integer) IS
    'deletes orders that ended 13 months ago or earlier, at most so many; gives how many they were';

REVOKE EXECUTE ON FUNCTION permissions.forget_log_ins(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION permissions.forget_log_ins(integer) TO permissions;

RESET ROLE;
