-- The days of a visible period, for everybody whose rows are days. Its ends are local midnights, which in every time
-- zone lie within twelve hours of the same date's midnight in UTC; a plain cast would show a buyer the seller's last day.
SET LOCAL ROLE permissions_owner;

CREATE FUNCTION permissions.nearest_day(midnight timestamptz) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((midnight AT TIME ZONE 'UTC') + interval '12 hours')::date;

RESET ROLE;
