"""People, log-in links and sessions."""

from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from psycopg.rows import dict_row
from psycopg.types.json import Json

from schemas.values import UserId
from services.common.identity_seal import SealedIdentity
from services.common.logs import correlation_id
from services.common.postgres import Transaction

_PUT_PERSON = """
    INSERT INTO permissions.person AS old (user_id, user_name, name, email, language, staff_role)
    VALUES (%(user_id)s, %(user_name)s, %(name)s, %(email)s, %(language)s, %(staff_role)s)
    ON CONFLICT (user_name) DO UPDATE
       SET name = excluded.name, email = excluded.email, language = excluded.language,
           staff_role = excluded.staff_role
    RETURNING user_id, user_id = %(user_id)s
"""
_STORED = """
    SELECT name, email, language, staff_role FROM permissions.person WHERE user_name = %s FOR UPDATE
"""
_PUT_IDENTITY = """
    UPDATE permissions.person SET identity_hmac = %(digest)s, identity_sealed = %(sealed)s
     WHERE user_id = %(user_id)s AND identity_hmac IS DISTINCT FROM %(digest)s
"""
ONE_PERSON_A_NUMBER = "person_identity_hmac_key"
_PERSON = """
    SELECT user_id FROM permissions.person WHERE user_name = %(name)s OR email = %(name)s
"""
_ADD_LINK = "INSERT INTO permissions.login_link (token_hash, user_id, expires_at) VALUES (%s, %s, %s)"
_USE_LINK = """
    UPDATE permissions.login_link SET used_at = clock_timestamp()
     WHERE token_hash = %s AND used_at IS NULL AND expires_at > clock_timestamp()
    RETURNING user_id
"""
_ADD_SESSION = """
    INSERT INTO permissions.session (token_hash, user_id, assurance, expires_at) VALUES (%s, %s, %s, %s)
"""
_END_SESSION = """
    UPDATE permissions.session SET ended_at = clock_timestamp()
     WHERE token_hash = %s AND ended_at IS NULL
    RETURNING user_id
"""
_WRITE_AUDIT = """
    INSERT INTO permissions.audit (actor, action, subject, correlation_id) VALUES (%s, %s, %s, nullif(%s, ''))
"""


class PutPerson(NamedTuple):
    """What putting a person did: before is what stood there, empty where nobody did."""

    user_id: UserId
    is_new: bool
    before: dict[str, Any]


async def put_person(tx: Transaction, user_name: str, person: dict[str, Any]) -> PutPerson:
    """Take in a person under a user name. Raises UniqueViolation where the e-mail address is another's."""
    async with tx.cursor(row_factory=dict_row) as cursor:
        before = await (await cursor.execute(_STORED, [user_name])).fetchone()
    row = await (await tx.execute(_PUT_PERSON, {"user_id": uuid4(), "user_name": user_name, **person})).fetchone()
    assert row is not None  # noqa: S101 - an upsert always gives its row
    return PutPerson(UserId(row[0]), row[1], before or {})


async def put_identity(tx: Transaction, user_id: UserId, identity: SealedIdentity) -> bool:
    """Keep a person's sealed number; True where it was another one or none. Raises UniqueViolation for another's."""
    stored = await tx.execute(_PUT_IDENTITY, {"user_id": user_id, **identity._asdict()})
    return stored.rowcount > 0


async def person(tx: Transaction, name: str) -> UserId | None:
    """Find a person by user name or e-mail address."""
    row = await (await tx.execute(_PERSON, {"name": name})).fetchone()
    return UserId(row[0]) if row else None


async def add_link(tx: Transaction, digest: bytes, user_id: UserId, expires_at: datetime) -> None:
    """Keep a log-in link by its digest."""
    await tx.execute(_ADD_LINK, [digest, user_id, expires_at])


async def use_link(tx: Transaction, digest: bytes) -> UserId | None:
    """Use a link up; None where there is none, or it was used, or is too old. Of two at once one succeeds."""
    row = await (await tx.execute(_USE_LINK, [digest])).fetchone()
    return UserId(row[0]) if row else None


async def add_session(tx: Transaction, digest: bytes, user_id: UserId, assurance: str, expires_at: datetime) -> None:
    """Begin a session, known by its token's digest."""
    await tx.execute(_ADD_SESSION, [digest, user_id, assurance, expires_at])


async def end_session(tx: Transaction, digest: bytes) -> UserId | None:
    """End a session; from the next statement on its token shows nothing."""
    row = await (await tx.execute(_END_SESSION, [digest])).fetchone()
    return UserId(row[0]) if row else None


async def write_audit(tx: Transaction, actor: str, action: str, **subject: str | UUID | dict[str, Any]) -> None:
    """Write down who did what, and in which request, in the transaction that does it."""
    about = Json({name: value if isinstance(value, dict) else str(value) for name, value in subject.items()})
    await tx.execute(_WRITE_AUDIT, [actor, action, about, correlation_id()])
