-- contracts tells by a function of its views which contract a session sees, and of which days.
SET LOCAL ROLE permissions_owner;

GRANT EXECUTE ON FUNCTION permissions.current_user_id(), permissions.is_service(), permissions.is_staff(),
    permissions.sees_all(), permissions.nearest_day(timestamptz) TO contracts_views;

RESET ROLE;
