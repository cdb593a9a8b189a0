"""Permissions' tables held against what Kafka tells; run by an administrator, once the database was put back."""

from collections.abc import Collection
from uuid import UUID

from schemas.grants import Level
from schemas.values import CustomerId, UserId
from services.common.postgres import Transaction

_VERSIONS = "SELECT customer_id, version FROM permissions.grants_version"
_NOTE_VERSION = """
    INSERT INTO permissions.grants_version AS old (customer_id, version) VALUES (%s, %s)
    ON CONFLICT (customer_id) DO UPDATE SET version = greatest(old.version, excluded.version)
"""
_GRANTS = "SELECT user_id, level FROM permissions.user_grant WHERE customer_id = %s"
_PEOPLE = "SELECT user_id FROM permissions.person WHERE user_id = ANY(%s)"
_END_SESSIONS = "UPDATE permissions.session SET ended_at = clock_timestamp() WHERE ended_at IS NULL"
_USE_LINKS = "UPDATE permissions.login_link SET used_at = clock_timestamp() WHERE used_at IS NULL"


async def versions(tx: Transaction) -> dict[CustomerId, int]:
    """Give the version of each customer's grants."""
    return {CustomerId(row[0]): row[1] for row in await (await tx.execute(_VERSIONS)).fetchall()}


async def note_version(tx: Transaction, customer_id: CustomerId, version: int) -> None:
    """Count a customer's grants on from a version that was told."""
    await tx.execute(_NOTE_VERSION, [customer_id, version])


async def grants(tx: Transaction, customer_id: CustomerId) -> dict[UserId, Level]:
    """Give the people whom a customer gave grants, each with the level."""
    rows = await (await tx.execute(_GRANTS, [customer_id])).fetchall()
    return {UserId(user_id): Level(level) for user_id, level in rows}


async def known_people(tx: Transaction, told: Collection[UserId]) -> set[UUID]:
    """Give those of the told people that are stored."""
    return {row[0] for row in await (await tx.execute(_PEOPLE, [list(told)])).fetchall()}


async def end_sessions(tx: Transaction) -> int:
    """End every session and use up every log-in link; gives how many sessions."""
    await tx.execute(_USE_LINKS)
    return (await tx.execute(_END_SESSIONS)).rowcount
