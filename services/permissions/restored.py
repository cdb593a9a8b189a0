"""What permissions does once its tables were put back from a backup: what was withdrawn since stays withdrawn."""

from collections.abc import Mapping

from schemas.grants import GrantsChanged
from schemas.topics import GRANTS_CHANGED
from schemas.values import CustomerId
from services.common import outbox
from services.common.postgres import Transaction
from services.permissions import handlers
from services.permissions.store import grants, people
from services.permissions.store import restored as store

SCHEMA = handlers.SCHEMA
ACTOR = "kulvert restored"


async def take_over(tx: Transaction, told: Mapping[CustomerId, GrantsChanged]) -> list[str]:
    """Set the grants to what Kafka tells where that is newer, and log everybody out; gives in sentences what is left.

    A session or a grant that was ended since the backup would be valid again.
    """
    ended = await store.end_sessions(tx)
    await people.write_audit(tx, ACTOR, "ended_sessions", sessions=str(ended))
    known = await store.versions(tx)
    changed, unknown = 0, set[str]()
    for customer_id, event in sorted(told.items()):
        if event.version > known.get(customer_id, 0):
            strangers = await _set_grants(tx, event)
            await store.note_version(tx, customer_id, event.version)
            changed += 1
            unknown |= strangers
    lines = [f"Sessions that were ended, so that everybody logs in again: {ended}."] if ended else []
    if changed:
        lines += [f"Customers whose grants were changed since the backup and taken over from Kafka: {changed}."]
    if unknown:
        words = "People who were put since the backup had grants; put them, and their grants, again. Their ids were"
        lines += [f"{words}: {', '.join(sorted(unknown))}."]
    return lines


async def tell_anew(tx: Transaction) -> int:
    """Write all customers' grants to the outbox, each with its next version; gives how many they are."""
    customers = await store.versions(tx)
    for customer_id in sorted(customers):
        event = await grants.grants_event(tx, customer_id)
        await outbox.add(tx, SCHEMA, GRANTS_CHANGED, str(customer_id), event)
    return len(customers)


async def _set_grants(tx: Transaction, told: GrantsChanged) -> set[str]:
    """Give and withdraw grants until they are as told; gives the ids of people who are not known."""
    wanted = {grant.user_id: grant.level for grant in told.grants}
    stored = await store.grants(tx, told.customer_id)
    for user_id in sorted(stored.keys() - wanted.keys()):
        await handlers.withdraw(tx, user_id, told.customer_id, ACTOR)
    known = await store.known_people(tx, wanted.keys())
    for user_id, level in sorted(wanted.items()):
        if user_id in known:
            await handlers.grant(tx, user_id, told.customer_id, level, ACTOR)
    return {str(user_id) for user_id in wanted if user_id not in known}
