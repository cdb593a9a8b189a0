"""Versions and revisions after the database was put back from a backup.

What Kafka still has of the time between carries versions that the restored rows are given once more, and whoever
compares them would ignore the new ones for ever. So each time the database is put back an epoch begins, and every
version of it is epoch << 32 at least: `installation.next_version` says so in SQL, `next_revision` in numpy.
"""

from services.common.postgres import Transaction

_FLOOR = "SELECT installation.version_floor()"


async def version_floor(tx: Transaction) -> int:
    """Give the lowest version of the epoch; 0 in a database that was never put back."""
    row = await (await tx.execute(_FLOOR)).fetchone()
    return int(row[0]) if row else 0
