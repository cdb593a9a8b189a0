"""What the service does with the documents of staff systems: sources, stations, meters and where they sat."""

import secrets

from psycopg.errors import ExclusionViolation, UniqueViolation

from services.common import logs, web
from services.common.postgres import Transaction
from services.ingest import holding
from services.ingest.core.documents import Installation, Meter, Source
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.store import Change, deliveries, meters, reference, rejudge, reread

log = logs.get_logger()

KEY_BYTES = 32


async def put_source(tx: Transaction, name: str, source: Source) -> tuple[Change, str | None]:
    """Take in a source; gives its key where one was made now, which is never shown again. Raises RefusedError."""
    key = secrets.token_urlsafe(KEY_BYTES)
    digest = source.key_sha256 or web.sha256_hex(key)
    try:
        async with tx.transaction():
            change, has_this_key = await deliveries.put_source(tx, name, source, digest)
    except UniqueViolation as error:
        raise RefusedError(Refusal.KEY_IS_TAKEN, "another source has that key; make one for each source") from error
    log.info("source_put", source=name, result=change.value, state=source.state, rank=source.rank)
    return change, key if has_this_key and source.key_sha256 is None else None


async def put_meter(tx: Transaction, serial: str, document: Meter) -> Change:
    """Take in a meter; what its readings mean otherwise now is judged again, what waited for it is read.

    Raises RefusedError.
    """
    await meters.lock(tx, serial)
    known = await meters.meter(tx, serial)
    if known is not None and known.meter == document:
        return Change.UNCHANGED
    before = known.meter if known else Meter()
    touched = _changed_places(before, document)
    for place in touched:
        if await meters.point_id(tx, place.metering_point) is None:
            raise RefusedError(
                Refusal.UNKNOWN_METERING_POINT,
                f"there is no metering point '{place.metering_point}' here; put it at the contracts service first,"
                " and give its event a moment to arrive",
            )
    meter_id = await meters.put_meter(tx, serial, document)
    for place in set(before.installations) - set(document.installations):
        await meters.remove(tx, meter_id, place)
    for place in document.installations:
        if place not in before.installations:
            await _install(tx, serial, meter_id, place)
    await reference.changed(tx)
    for place in set(before.installations).intersection(touched):
        await reread.add(tx, serial, meter_id, place)
    for place in touched:
        await _judge_again(tx, place)
    await holding.release(tx, [serial], [])
    return Change.CREATED if known is None else Change.CHANGED


def _changed_places(before: Meter, after: Meter) -> list[Installation]:
    """Give where readings are to be judged again: what changed, or all where the registers themselves did.

    And where the meter was removed as it was put, or is no longer put, elsewhere: what it showed then belongs to one.
    """
    old, new = set(before.installations), set(after.installations)
    same_registers = before.model_dump(exclude={"installations"}) == after.model_dump(exclude={"installations"})
    changed = old ^ new if same_registers else old | new
    begun = {place.installed_at for place in changed}
    return sorted(changed | {place for place in new if place.removed_at in begun}, key=lambda one: one.installed_at)


async def _install(tx: Transaction, serial: str, meter_id: int, place: Installation) -> None:
    try:
        async with tx.transaction():
            await meters.install(tx, meter_id, place)
    except ExclusionViolation as error:
        other = await meters.neighbour(tx, serial, place)
        who = (
            f"meter {other.serial} sits there from {other.installed_at.isoformat()}"
            if other
            else "another meter sits there"
        )
        raise RefusedError(
            Refusal.INSTALLATIONS_OVERLAP,
            f"at {place.metering_point} {who}; note when that one was removed first",
        ) from error


async def _judge_again(tx: Transaction, place: Installation) -> None:
    point_id = await meters.point_id(tx, place.metering_point)
    if point_id is not None:
        await rejudge.add(tx, point_id, place.installed_at, place.removed_at or "infinity", "meter")
