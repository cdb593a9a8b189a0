-- What the code does not do, its role may not do: a rule's point, owner and quantity stay what they were first, and an
-- episode its rule's.
SET LOCAL ROLE alerts_owner;

REVOKE UPDATE ON alerts.rule, alerts.episode FROM alerts;
GRANT UPDATE (summer_limit, winter_limit, hysteresis, minimum_values, changed_at) ON alerts.rule TO alerts;
GRANT UPDATE (opened_at, closed_at, extreme, limit_value, state, told, acknowledged_by, acknowledged_at)
    ON alerts.episode TO alerts;

RESET ROLE;
SET LOCAL ROLE alerts_views;

REVOKE ALL ON alerts_v1.rule, alerts_v1.episode, alerts_v1.message FROM alerts, gateway;
GRANT SELECT ON alerts_v1.rule, alerts_v1.episode TO gateway;
-- The command counts them, as this role.
GRANT SELECT ON alerts_v1.episode TO alerts;

RESET ROLE;
