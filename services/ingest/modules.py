"""What staff systems note of meters' telegrams and of the modules that send them; noting it frees what waits for it."""

import re
from dataclasses import replace
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from schemas.values import Key
from services.common import logs
from services.common.postgres import Database, Transaction
from services.common.table_imports import Report
from services.common.tables import BadRow, Kind, rows
from services.ingest.sources.telegram import Meter
from services.ingest.sources.telegrams import device_mended, meter_mended
from services.ingest.sources.zones import fixed_offset_s
from services.ingest.store import Change, replays, telegrams
from services.ingest.store.telegrams import Noted
from services.ingest.understanding import Understanding

log = logs.get_logger()


def _is_zone(name: str) -> str:
    try:
        if fixed_offset_s(name) is None:
            ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError("write UTC, an offset such as +01:00, or a place such as Europe/Stockholm") from error
    return name


DeviceEui = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{16}$")]
MeterKey = Annotated[str, Field(pattern=r"^[0-9A-Fa-f]{32}$")]
Zone = Annotated[str, Field(max_length=40), AfterValidator(_is_zone)]
IntegralStep = Annotated[int, Field(gt=0, le=10**9, strict=True)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class MeterTelegrams(_Document):
    """What a meter's telegrams need to be read; what is not named stays as it is, null takes it away.

    key: AES-128, 32 hexadecimal digits. clock_zone: what the meter's own clock shows. integral_step_lc: litre-degrees
    that one count of its integrals stands for.
    """

    key: MeterKey | None = None
    clock_zone: Zone | None = None
    integral_step_lc: IntegralStep | None = None


class Device(_Document):
    """Which meter a module sits in."""

    meter: Key


class DeviceRow(MeterTelegrams):
    """A line of a devices file: a meter, the module that sits in it, and what its telegrams need."""

    device_eui: DeviceEui | None = None

    @model_validator(mode="before")
    @classmethod
    def _numbers_are_text(cls, given: dict[str, str]) -> dict[str, str | int]:
        # The field itself takes no text, since over HTTP "12" is a mistake.
        return {name: _number(text) if name == "integral_step_lc" else text for name, text in given.items()}


def _number(text: str) -> str | int:
    return int(text) if re.fullmatch(r"[0-9]{1,10}", text) else text


DEVICES = Kind("meter", DeviceRow)


async def put_meter(tx: Transaction, understanding: Understanding, serial: str, given: MeterTelegrams) -> Change:
    """Note what a meter's telegrams need; those that wait for it are read again."""
    await telegrams.alone(tx)
    known = next(iter(await telegrams.by_serial(tx, [serial])), None)
    noted = understanding.meter(known) if known else Meter(serial)
    wanted = replace(noted, **_named(given))
    if known is not None and wanted == noted:
        return Change.UNCHANGED
    sealed_key = None if wanted.key is None else understanding.sealed(serial, wanted.key)
    await telegrams.put_meter(tx, Noted(serial, sealed_key, wanted.zone, wanted.integral_step_lc))
    await _free(tx, meter_mended(serial))
    return Change.CREATED if known is None else Change.CHANGED


def _named(given: MeterTelegrams) -> dict[str, Any]:
    """Give what a document names, as a Meter has it."""
    values = {
        "key": None if given.key is None else bytes.fromhex(given.key),
        "clock_zone": given.clock_zone,
        "integral_step_lc": given.integral_step_lc,
    }
    names = {"clock_zone": "zone"}
    return {names.get(name, name): values[name] for name in values if name in given.model_fields_set}


async def put_device(tx: Transaction, device_eui: str, device: Device) -> Change:
    """Note which meter a module sits in; its uplinks that wait for that are read again."""
    await telegrams.alone(tx)
    change = await telegrams.put_device(tx, device_eui.lower(), device.meter)
    if change is not Change.UNCHANGED:
        await _free(tx, device_mended(device_eui.lower()))
    return change


async def _free(tx: Transaction, waits_for: str) -> None:
    deliveries = await replays.free(tx, waits_for)
    log.info("telegrams_freed", waited_for=waits_for, deliveries=deliveries)


async def import_devices(database: Database, understanding: Understanding, text: str) -> Report:
    """Store the lines of a file, each a meter and its module. Raises BadTableError where its header does not fit."""
    report = Report()
    for row in rows(text, DEVICES):
        report.lines += 1
        if isinstance(row, BadRow):
            report.refused.append(row)
        elif isinstance(row.document, DeviceRow):
            async with database.transaction() as tx:
                report.changes[await _put_row(tx, understanding, row.key, row.document)] += 1
    return report


async def _put_row(tx: Transaction, understanding: Understanding, serial: str, row: DeviceRow) -> Change:
    changes = []
    if row.model_fields_set - {"device_eui"}:
        changes.append(await put_meter(tx, understanding, serial, row))
    if row.device_eui is not None:
        changes.append(await put_device(tx, row.device_eui, Device(meter=serial)))
    return max(changes, key=_MOST_TOLD.index, default=Change.UNCHANGED)


_MOST_TOLD = (Change.UNCHANGED, Change.CHANGED, Change.CREATED)


def shown(noted: Noted) -> dict[str, Any]:
    """Show what is noted of a meter's telegrams, without its key."""
    return {
        "has_key": noted.sealed_key is not None,
        "clock_zone": noted.clock_zone,
        "integral_step_lc": noted.integral_step_lc,
    }
