"""The only SQL of the contracts service, a file for each kind of object."""

from enum import StrEnum

from services.common.postgres import Transaction

_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('contracts.' || %s || ':' || %s, 0))"


class Change(StrEnum):
    """What putting a document did."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"


async def lock(tx: Transaction, kind: str, number: str) -> None:
    """Wait for whoever puts the same object. One that does not exist yet has no row that could be locked."""
    await tx.execute(_LOCK, [kind, number])
