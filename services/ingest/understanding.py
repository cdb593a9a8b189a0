"""Deliveries in all their forms, understood: the readings that they hold, and what of them is refused."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import pyarrow as pa
from cryptography.exceptions import InvalidTag

from schemas.readings import METER_READINGS
from services.common.postgres import Database, Transaction
from services.common.sealing import Seal
from services.ingest.core.parsed import BadDeliveryError, Parsed, well_formed
from services.ingest.core.said import TEXT_KEPT, storable
from services.ingest.core.verdict import Verdict
from services.ingest.sources import telegrams
from services.ingest.sources.lorawan import counting_fault, newest
from services.ingest.sources.telegram import Meter
from services.ingest.sources.telegram_items import Envelope, envelope, envelope_of_lines, without_zeros
from services.ingest.sources.telegrams import Known
from services.ingest.sources.understood import Refused, Understood
from services.ingest.sources.written import PARSERS
from services.ingest.store import telegrams as store
from services.ingest.store.telegrams import Noted

TELEGRAMS, TELEGRAM_LINES = "application/vnd.kulvert.telegrams+json", "application/vnd.kulvert.telegrams+x-ndjson"
ENVELOPES: dict[str, Callable[[bytes], Envelope]] = {TELEGRAMS: envelope, TELEGRAM_LINES: envelope_of_lines}
"""The ways to write telegrams down, by the content type under which they are kept."""
UPLINK = "application/vnd.kulvert.uplink+json"
"""An uplink as its network hands it on."""

SEAL_PURPOSE = b"kulvert telegram key"


class WrongSealError(Exception):
    """The keys of meters were sealed with another secret."""


class Understanding:
    """Understands telegrams by what is noted of their meters and modules."""

    def __init__(self, telegram_key: str) -> None:
        self._seal = Seal(telegram_key, SEAL_PURPOSE)

    def sealed(self, serial: str, key: bytes) -> bytes:
        """Seal a meter's key, to the meter."""
        return self._seal.seal(key, serial.encode())

    async def check(self, database: Database) -> None:
        """Raise WrongSealError where a meter's key was sealed with another secret than this process has."""
        async with database.transaction() as tx:
            noted = await store.any_sealed(tx)
        if noted is None:
            return
        try:
            self.meter(noted)
        except InvalidTag as error:
            raise WrongSealError(
                "the keys of meters were sealed with another KULVERT_TELEGRAM_KEY; give this process that one"
            ) from error

    async def telegrams(self, tx: Transaction, form: str, body: bytes) -> Understood:
        """Read a delivery of telegrams, or an uplink. Raises BadDeliveryError.

        What is noted of meters and modules stands from here to the end of the transaction.
        """
        await store.share(tx)
        if form == UPLINK:
            device_eui = telegrams.uplinks_device(body)
            found = await store.meters_of(tx, [device_eui] if device_eui else [])
            devices = {eui: self.meter(noted) for eui, noted in found.items()}
            return await asyncio.to_thread(telegrams.understood_uplink, body, devices)
        given, digits = await asyncio.to_thread(_opened, ENVELOPES[form], body)
        serials = {frame.serial for frame in given.frames if frame.serial is not None}
        by_serial = {one.serial: self.meter(one) for one in await store.by_serial(tx, sorted(serials))}
        by_digits = self._by_digits(await store.by_digits(tx, sorted(digits)))
        return await asyncio.to_thread(telegrams.understood, given, Known(by_serial, by_digits))

    def _by_digits(self, noted: Iterable[Noted]) -> dict[str, Meter]:
        # Of two that differ in leading zeros alone the longer one is written as the telegram writes it.
        in_order = sorted(noted, key=lambda one: len(one.serial))
        return {without_zeros(one.serial): self.meter(one) for one in in_order}

    def meter(self, noted: Noted) -> Meter:
        """Give what is known of a meter, with its key opened."""
        key = None if noted.sealed_key is None else self._seal.open(noted.sealed_key, noted.serial.encode())
        return Meter(noted.serial, key, noted.clock_zone, noted.integral_step_lc)


def _opened(read: Callable[[bytes], Envelope], body: bytes) -> tuple[Envelope, set[str]]:
    given = read(body)
    return given, {frame.digits or "" for frame in given.frames if frame.serial is None}


def readings(form: str, body: bytes) -> Understood:
    """Read a delivery of readings. Raises BadDeliveryError."""
    return Understood.of(PARSERS[form](body))


def unreadable(error: BadDeliveryError, body: bytes) -> Understood:
    """Give a delivery of which nothing can be read: one item, refused."""
    nothing = pa.RecordBatch.from_pylist([], schema=METER_READINGS)
    text = storable(body[:TEXT_KEPT].decode("utf-8", "replace"))
    refused = Refused(0, "", error.code, Verdict.INVALID, error.detail, text)
    return Understood(1, nothing, np.zeros(0, np.int64), [refused])


def fitting(understood: Understood, latest_s: int, serials: Sequence[str] | None) -> Understood:
    """Refuse the readings whose form is wrong, or of whose meter the source may not speak; see well_formed."""
    parsed = Parsed(understood.items, understood.readings, understood.item, [])
    allowed = None if serials is None else frozenset(serials)
    return understood.refusing([Refused.of(one) for one in well_formed(parsed, latest_s, allowed).refused])


async def counted(tx: Transaction, understood: Understood) -> Understood:
    """Refuse the uplinks that their devices' counters speak against; the others move those on.

    Whoever else takes an uplink of the same device waits for this transaction.
    """
    refused: list[Refused] = []
    for heard in understood.heard:
        last = await store.lock_counter(tx, heard.device_eui)
        fault = counting_fault(heard.counter, last)
        if fault is not None:
            refused.append(telegrams.refused_count(heard, fault))
        elif newest(heard.counter, last) == heard.counter:
            await store.count(tx, heard.device_eui, heard.counter)
    return understood.refusing(refused)
