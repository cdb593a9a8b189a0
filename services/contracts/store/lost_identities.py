"""Identities of what was put after a backup and was lost with it: others know it by them."""

from services.common.postgres import Transaction

_TAKE = "DELETE FROM contracts.lost_identity WHERE kind = %s AND number = %s RETURNING identity"


async def take(tx: Transaction, kind: str, number: str) -> str | None:
    """Give the identity that an object is put under again; None for one that is new."""
    row = await (await tx.execute(_TAKE, [kind, number])).fetchone()
    return row[0] if row else None
