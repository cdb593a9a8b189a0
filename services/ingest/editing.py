"""What operators do about readings: kept with who and why, and sent the way of every reading."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import cramjam
import pyarrow as pa

from schemas.event import JSON
from services.common import logs, outbox
from services.common.postgres import Transaction
from services.ingest import metering
from services.ingest.core import edits as documents
from services.ingest.core.documents import Meter
from services.ingest.core.edits import CAN_BE_ACCEPTED
from services.ingest.core.parsed import MOST_ITEMS, well_formed
from services.ingest.core.readings import OPERATOR_RANK, YIELDING_RANK
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.core.verdict import FIRST_REFUSED, Verdict
from services.ingest.decode import readings_message
from services.ingest.holding import SCHEMA
from services.ingest.parting import by_partition
from services.ingest.sources.written import PARSERS
from services.ingest.store import Change, deliveries, edits, meters, replays
from services.ingest.store.edits import Edit, Version

log = logs.get_logger()

SAMPLES = ("flow_l_per_h", "power_w", "supply_c", "return_c")


class Said(NamedTuple):
    """What an operator says of an instant, as a reading, and how much it claims."""

    reading: dict[str, Any]
    rank: int = OPERATOR_RANK


async def put(tx: Transaction, edit_id: UUID, asked: documents.Edit, future_s: int) -> tuple[Change, int]:
    """Do what an operator asks, once for each id; gives how many readings that says something of.

    Raises RefusedError; nothing is done then.
    """
    document = asked.model_dump(mode="json", exclude_none=True)
    before = await edits.document(tx, edit_id)
    if before is not None:
        if before != document:
            raise RefusedError(Refusal.EDIT_ID_IS_TAKEN, "another edit has that id; make a new one for each")
        return Change.UNCHANGED, 0
    edit = await _edit(tx, edit_id, asked, document)
    said = await _said(tx, edit, asked)
    if not await edits.add(tx, edit):
        raise RefusedError(Refusal.EDIT_ID_IS_TAKEN, "the same edit is being made at this moment; ask again")
    if said:
        await send(tx, edit_id, said, OPERATOR_RANK, future_s)
    log.info("edited", edit_id=str(edit_id), action=asked.action, readings=len(said))
    return Change.CREATED, len(said)


async def note_meter(tx: Transaction, serial: str, meter: Meter, how: str) -> None:
    """Keep that a staff system put a meter, and how it was asked for. Whose it was nobody said."""
    document = {"serial": serial, "meter": meter.model_dump(mode="json", exclude_none=True)}
    edit = Edit(uuid4(), "a staff system", "assign_meter", None, serial, None, None, document, how)
    await edits.add(tx, edit)


async def _edit(tx: Transaction, edit_id: UUID, asked: documents.Edit, document: dict[str, Any]) -> Edit:
    edit = Edit(edit_id, asked.who, asked.action, None, None, None, None, document, asked.cause)
    match asked:
        case documents.Correct() | documents.Accept():
            point_id = await _point(tx, asked.metering_point)
            return edit._replace(point_id=point_id, from_at=asked.read_at, to_at=asked.read_at)
        case documents.Withdraw() | documents.Restore() | documents.Settle() | documents.Reopen():
            point_id = await _point(tx, asked.metering_point)
            return edit._replace(point_id=point_id, from_at=asked.from_at, to_at=asked.to_at)
        case documents.AssignMeter():
            return edit._replace(serial=asked.serial)
        case documents.Replay():
            return edit


async def _point(tx: Transaction, number: str) -> int:
    point_id = await meters.point_id(tx, number)
    if point_id is None:
        raise RefusedError(Refusal.UNKNOWN_METERING_POINT, f"there is no metering point '{number}' here")
    return point_id


async def _said(tx: Transaction, edit: Edit, asked: documents.Edit) -> list[Said]:
    """Do what needs no reading, and give what the operator says of readings otherwise."""
    match asked:
        case documents.Correct():
            return [Said(documents.said_of(asked))]
        case documents.Accept():
            return [Said(await _accepted(tx, edit, asked))]
        case documents.Withdraw():
            return await _withdrawn(tx, edit, asked)
        case documents.Restore():
            return await _restored(tx, edit, asked)
        case documents.AssignMeter():
            await metering.put_meter(tx, asked.serial, asked.meter)
        case documents.Replay():
            await _replay(tx, asked.delivery_id)
    return []


async def _accepted(tx: Transaction, edit: Edit, asked: documents.Accept) -> dict[str, Any]:
    refused = [one for one in await _versions(tx, edit) if one.verdict >= FIRST_REFUSED]
    if not refused:
        raise RefusedError(
            Refusal.NOTHING_THERE, "no reading of that instant is refused; look at: kulvert show refused"
        )
    verdict = Verdict(refused[0].verdict)
    if verdict not in CAN_BE_ACCEPTED:
        raise RefusedError(Refusal.NOT_ACCEPTABLE, f"{verdict.label}: {verdict.why}")
    return _as_said(asked.metering_point, refused[0])


async def _withdrawn(tx: Transaction, edit: Edit, asked: documents.Withdraw) -> list[Said]:
    found = [one for one in await _versions(tx, edit) if not one.is_taken_back]
    if not found:
        raise RefusedError(Refusal.NOTHING_THERE, "nothing was read in that span, or all of it is taken back already")
    _hold_to_most(found)
    return [Said(_taken_back(asked.metering_point, one), one.rank_of_withdrawal) for one in found]


def _hold_to_most(found: Sequence[Version]) -> None:
    if len(found) > MOST_ITEMS:
        raise RefusedError(Refusal.TOO_MANY_READINGS, f"a span holds at most {MOST_ITEMS} readings; part it")


async def _restored(tx: Transaction, edit: Edit, asked: documents.Restore) -> list[Said]:
    if edit.point_id is None:
        return []
    found = await edits.taken_back(tx, edit.point_id, asked.from_at, asked.to_at, MOST_ITEMS + 1)
    if not found:
        raise RefusedError(Refusal.NOTHING_THERE, "no operator has taken anything back in that span")
    _hold_to_most(found)
    return [_restoring(asked.metering_point, one) for one in found]


def _restoring(number: str, version: Version) -> Said:
    """Say again what an operator had said; where he had said nothing, that the sources' word counts."""
    if version.withdrawn:
        return Said(_taken_back(number, version), YIELDING_RANK)
    return Said(_as_said(number, version))


def _taken_back(number: str, version: Version) -> dict[str, Any]:
    instant = {"metering_point": number, "read_at": version.read_at.isoformat()}
    return instant | {"withdrawn": True, "energy_wh": version.energy_wh}


async def _versions(tx: Transaction, edit: Edit) -> list[Version]:
    if edit.point_id is None or edit.from_at is None or edit.to_at is None:
        return []
    return await edits.versions(tx, edit.point_id, edit.from_at, edit.to_at, MOST_ITEMS + 1)


def _as_said(number: str, version: Version) -> dict[str, Any]:
    registers = ("energy_wh", "volume_l", "forward_lc", "return_lc")
    said = {name: getattr(version, name) for name in (*registers, *SAMPLES)}
    named = {"metering_point": number, "read_at": version.read_at.isoformat()}
    return named | {name: value for name, value in said.items() if value is not None}


async def _replay(tx: Transaction, delivery_id: UUID) -> None:
    if not await replays.holds_telegrams(tx, delivery_id):
        raise RefusedError(
            Refusal.NOTHING_THERE, "there is no such delivery of telegrams, or its bytes are not kept any more"
        )
    await replays.add(tx, delivery_id)


async def send(tx: Transaction, edit_id: UUID, said: Sequence[Said], source_rank: int, future_s: int) -> None:
    """Take in what an operator says as a delivery of its own, by the outbox: kept and sent, or neither.

    source_rank: whose delivery it is, an operator's or of estimates.
    """
    now = datetime.now(UTC)
    body = json.dumps([one.reading | {"recorded_at": now.isoformat()} for one in said]).encode()
    parsed = well_formed(PARSERS[JSON](body), int(now.timestamp()) + future_s, None)
    if parsed.refused:
        first = parsed.refused[0]
        raise RefusedError(Refusal.UNUSABLE, f"{first.field}: {first.reason}")
    correlation_id = logs.correlation_id()
    digest = hashlib.sha256(JSON.encode() + b"\n" + body).digest()
    source_id = await edits.source_of(tx, source_rank)
    delivery = deliveries.Delivery(
        edit_id, source_id, None, digest, now, len(said), parsed.readings.num_rows, correlation_id
    )
    await deliveries.add(tx, delivery, JSON, bytes(cramjam.zstd.compress(body, 1)), None)
    for rank in sorted({one.rank for one in said}):
        claims = parsed.readings.filter(pa.array([one.rank == rank for one in said]))
        for _, part in by_partition(claims):
            await outbox.add_message(tx, SCHEMA, readings_message(part, edit_id, rank, correlation_id))
