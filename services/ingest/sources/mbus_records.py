"""The records of an M-Bus application layer, split by two libraries of which each knows what the other gets wrong.

What they do wrong was found in their sources and is held by tests; the README of ingest lists it. Only which bytes
belong to which record is taken from them: both take every number through a float.
"""

from collections.abc import Callable
from typing import NamedTuple

import pymbusparser

from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.pymeterbus import MBusFrameDecodeError, TelegramBody
from services.ingest.sources.telegram import TelegramRefusedError

DATA_BYTES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 4, 6: 6, 7: 8, 8: 0, 9: 1, 10: 2, 11: 3, 12: 4, 14: 6}
"""Per data field of a DIF, how many bytes its value has (EN 13757-3, table 4)."""
VARIABLE = 13
SPECIAL = 15
MOST_EXTENSIONS = 10
"""A DIF and a VIF have at most so many extensions (EN 13757-3, 6.3)."""

_EXTENSION = 0x80
_VARIABLE_DATA = 0x72
_PLAIN_TEXT_VIF = 0x7C


class Record(NamedTuple):
    """One value: what it is, in the standard's own bytes, and its data, least significant byte first."""

    dib: bytes
    """DIF and DIFEs: how the value is written, and which of the meter's many it is."""
    vib: bytes
    """VIF and VIFEs: what was measured, and its unit."""
    data: bytes

    @property
    def coding(self) -> int:
        """The DIF's data field: how the data is written."""
        return self.dib[0] & 0x0F

    @property
    def is_current(self) -> bool:
        """Tell whether this is the value now: instantaneous, storage 0, tariff 0, subunit 0."""
        return not self.dib[0] & 0x70 and not any(dife & 0x7F for dife in self.dib[1:])

    @property
    def is_whole(self) -> bool:
        """Tell whether nothing of the record is missing, and its data as long as its DIF says."""
        if self.coding == SPECIAL:
            return True
        blocks = bool(self.vib) and not (self.dib[-1] & _EXTENSION or self.vib[-1] & _EXTENSION)
        short = len(self.dib) <= MOST_EXTENSIONS + 1 and (len(self.vib) <= MOST_EXTENSIONS + 1 or self.has_text)
        return blocks and short and (self.coding == VARIABLE or len(self.data) == DATA_BYTES[self.coding])

    @property
    def has_text(self) -> bool:
        """Tell whether the unit is written out as text."""
        return bool(self.vib) and self.vib[0] & 0x7F == _PLAIN_TEXT_VIF


def records(payload: bytes, counts: Callable[[Record], bool]) -> list[Record]:
    """Split what follows an application layer's header. Raises TelegramRefusedError.

    counts: tells the records that a reading is made of. Where both libraries can be trusted with the payload they
    must agree on those; where one can, it is believed.
    """
    if not payload:
        return []
    first, second = _by_pymeterbus(payload), _by_pymbusparser(payload)
    if first is not None and second is not None and _counting(first, counts) != _counting(second, counts):
        raise TelegramRefusedError(faults.DECODERS_DISAGREE)
    split = first if first is not None else second
    if split is None:
        raise TelegramRefusedError(faults.BROKEN_RECORDS)
    return split


def _counting(split: list[Record], counts: Callable[[Record], bool]) -> list[Record]:
    return [record for record in split if record.is_current and counts(record)]


def _by_pymeterbus(payload: bytes) -> list[Record] | None:
    """Split by pymeterbus; None where it must not be trusted."""
    body = TelegramBody()
    body.bodyHeader.ci_field = _VARIABLE_DATA
    try:
        body.bodyPayload.load(list(payload))
    except (MBusFrameDecodeError, IndexError):
        return None
    split = [
        Record(bytes(record.dib.parts), bytes(record.vib.parts), bytes(record.dataField.parts))
        for record in body.bodyPayload.records
    ]
    return split if all(record.is_whole and _is_plain(record) for record in split) else None


def _is_plain(record: Record) -> bool:
    # It takes a number of variable length for twice as long as it is, and what follows from a wrong place; of a text
    # that is cut it leaves nothing.
    return record.coding != VARIABLE or (bool(record.data) and all(0x20 <= byte < 0x7F for byte in record.data))


def _by_pymbusparser(payload: bytes) -> list[Record] | None:
    """Split by pymbusparser; None where it refuses, or must not be trusted."""
    try:
        parsed = pymbusparser.parse_records(payload)
    except pymbusparser.MbusParserError:
        return None
    split = [_record(bytes.fromhex(one["header_hex"]), bytes.fromhex(one["data_hex"])) for one in parsed]
    # It takes dates for as long as dates are, whatever the DIF says, and what follows from a wrong place.
    return split if all(record.is_whole for record in split) else None


def _record(header: bytes, data: bytes) -> Record:
    end = next((place for place, byte in enumerate(header, start=1) if not byte & _EXTENSION), len(header))
    return Record(header[:end], header[end:], data)
