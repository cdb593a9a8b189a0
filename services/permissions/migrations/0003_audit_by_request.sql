-- The request in which something was done, as the logs and the events' headers name it.
SET LOCAL ROLE permissions_owner;

ALTER TABLE permissions.audit ADD COLUMN correlation_id text;

RESET ROLE;
