"""What the service does with a command or event: look up, store, write down, tell."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic import SecretStr

from schemas.contracts import ContractChanged
from schemas.grants import Level
from schemas.topics import GRANTS_CHANGED
from schemas.values import CustomerId, UserId
from services.common import outbox
from services.common.consume import Record
from services.common.identity_seal import Sealer
from services.common.kafka import Outgoing
from services.common.postgres import Transaction
from services.common.received import read_event
from services.permissions.core.periods import contract_period
from services.permissions.core.tokens import TOKEN_BYTES, digest
from services.permissions.settings import LINK_LIFE, SESSION_LIFE
from services.permissions.store import grants, people

SCHEMA = "permissions"


class Token(NamedTuple):
    """A token as its holder gets it, once; only its digest is kept."""

    token: str
    expires_at: datetime


async def put_person(tx: Transaction, user_name: str, person: dict[str, Any], actor: str) -> tuple[UserId, str]:
    """Take in a person, and write down what that changes; gives the id, and "created", "changed" or "unchanged".

    Raises UniqueViolation where the e-mail address is another's.
    """
    user_id, is_new, before = await people.put_person(tx, user_name, person)
    changed = {name: [before.get(name), value] for name, value in person.items() if before.get(name) != value}
    if not changed:
        return user_id, "unchanged"
    if "email" in changed:
        # That it changed is enough: the trail is kept for longer than anybody's address is.
        changed["email"] = ["", "changed"]
    await people.write_audit(tx, actor, "put_person", user_id=user_id, changed=changed)
    return user_id, "created" if is_new else "changed"


async def put_identity(tx: Transaction, user_id: UserId, number: SecretStr, sealer: Sealer, actor: str) -> bool:
    """Seal a person's number; False where it is sealed already. Raises UniqueViolation for another's."""
    changed = await people.put_identity(tx, user_id, sealer.seal(number.get_secret_value(), user_id.bytes))
    if changed:
        await people.write_audit(tx, actor, "put_identity", user_id=user_id)
    return changed


async def grant(tx: Transaction, user_id: UserId, customer_id: CustomerId, level: Level, actor: str) -> bool:
    """Give a person a level for a customer; what he sees changes in the same transaction."""
    await grants.lock_customers(tx, [customer_id])
    changed = await grants.put_grant(tx, user_id, customer_id, level, actor)
    if changed:
        await people.write_audit(tx, actor, "granted", user_id=user_id, customer_id=customer_id, level=level.value)
        await _follow_up(tx, user_id, customer_id)
    return changed


async def withdraw(tx: Transaction, user_id: UserId, customer_id: CustomerId, actor: str) -> bool:
    """Take a person's grant away; from the commit on he sees nothing of that customer's."""
    await grants.lock_customers(tx, [customer_id])
    changed = await grants.remove_grant(tx, user_id, customer_id)
    if changed:
        await people.write_audit(tx, actor, "withdrew", user_id=user_id, customer_id=customer_id)
        await _follow_up(tx, user_id, customer_id)
    return changed


async def _follow_up(tx: Transaction, user_id: UserId, customer_id: CustomerId) -> None:
    await grants.rewrite_visible(tx, [user_id])
    await outbox.add(tx, SCHEMA, GRANTS_CHANGED, str(customer_id), await grants.grants_event(tx, customer_id))


async def make_link(tx: Transaction, user_id: UserId, actor: str) -> Token:
    """Make a log-in link that can be used once, within ten minutes."""
    link = Token(secrets.token_urlsafe(TOKEN_BYTES), datetime.now(UTC) + LINK_LIFE)
    await people.add_link(tx, digest(link.token), user_id, link.expires_at)
    await people.write_audit(tx, actor, "made_login_link", user_id=user_id)
    return link


async def log_in(tx: Transaction, link_token: str) -> Token | None:
    """Take a link for a session; None where the link is unknown, used or too old."""
    user_id = await people.use_link(tx, digest(link_token))
    if user_id is None:
        return None
    return await begin_session(tx, user_id, "local")


async def begin_session(tx: Transaction, user_id: UserId, assurance: str) -> Token:
    """Begin a session. assurance: how it is known that it is he."""
    session = Token(secrets.token_urlsafe(TOKEN_BYTES), datetime.now(UTC) + SESSION_LIFE)
    await people.add_session(tx, digest(session.token), user_id, assurance, session.expires_at)
    await people.write_audit(tx, str(user_id), "logged_in", assurance=assurance)
    return session


async def log_out(tx: Transaction, session_token: str) -> None:
    """End a session on the server; one that has ended already stays so."""
    user_id = await people.end_session(tx, digest(session_token))
    if user_id is not None:
        await people.write_audit(tx, str(user_id), "logged_out")


class ContractHandlers:
    """Takes contracts-changed: a contract's days bound what its customer's people see."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone

    def decode(self, record: Record) -> ContractChanged:
        """Read one contract. Raises UndecodableError."""
        return read_event(record, ContractChanged)

    async def store(self, tx: Transaction, items: Sequence[ContractChanged]) -> Iterable[Outgoing]:
        """Keep the contracts' periods and write anew what their customers' people see."""
        customers = sorted({contract.customer_id for contract in items})
        await grants.lock_customers(tx, customers)
        for contract in items:
            await grants.put_period(tx, contract, contract_period(contract, self._zone))
        await grants.rewrite_visible(tx, await grants.people_of(tx, customers))
        return []

    async def announcements(self, tx: Transaction, items: Sequence[ContractChanged]) -> Iterable[Outgoing]:  # noqa: ARG002
        """Nothing: who may see what did not change, only how far back."""
        return []
