"""Who is asking."""

from typing import NamedTuple
from uuid import UUID

from services.gateway.store.reader import Connection

_VISITOR = "SELECT user_id, name, language, staff_role FROM permissions.touch_session()"


class Visitor(NamedTuple):
    """The session's person; staff_role is None for customers."""

    user_id: UUID
    name: str
    language: str
    staff_role: str | None


async def visitor(connection: Connection) -> Visitor | None:
    """Tell whose session this is, and keep it awake; None where it is over."""
    row = await connection.fetchrow(_VISITOR)
    return Visitor(*row) if row else None
