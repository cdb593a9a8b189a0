"""Frames of M-Bus as gateways send them on: JSON objects, a list of them or one to a line."""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from services.ingest.core.form import is_within_calendar
from services.ingest.core.parsed import LONGEST_NAME, BadDeliveryError, plain_name
from services.ingest.sources import mbus, wireless_mbus
from services.ingest.sources import telegram_faults as faults
from services.ingest.sources.refusals import Fault
from services.ingest.sources.telegram import Meter, Telegram, TelegramRefusedError
from services.ingest.sources.understood import Refused

MOST_TELEGRAMS = 5_000
"""Of one delivery: two seconds of a processor."""


class Link(StrEnum):
    """What brought a frame, and so what stands around its payload."""

    WIRED = "wired"
    WIRELESS = "wireless"
    WIRELESS_WITHOUT_CRC = "wireless_without_crc"


Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
Moment = Annotated[datetime, Meta(tz=True)]


class _Item(msgspec.Struct, forbid_unknown_fields=True):
    received_at: Moment
    link: Link
    frame: str | None = None
    frame_base64: str | None = None
    serial: Name | None = None
    metering_point: Name | None = None
    zone: Name | None = None


class Frame(NamedTuple):
    """One telegram as a gateway sent it on."""

    item: int
    link: Link
    data: bytes
    received_at: datetime
    serial: str | None
    metering_point: str | None
    zone: str | None

    @property
    def digits(self) -> str | None:
        """The identification number of its meter, without leading zeros; None where it cannot be read."""
        try:
            found = (
                mbus.digits(self.data) if self.link is Link.WIRED else wireless_mbus.digits(self.data, self._is_bare)
            )
        except TelegramRefusedError:
            return None
        return without_zeros(found)

    def read(self, meter: Meter) -> Telegram:
        """Read it. Raises TelegramRefusedError."""
        if self.link is Link.WIRED:
            return mbus.decode(self.data, meter, self.received_at)
        return wireless_mbus.decode(self.data, meter, self.received_at, self._is_bare)

    @property
    def _is_bare(self) -> bool:
        return self.link is Link.WIRELESS_WITHOUT_CRC


class Envelope(NamedTuple):
    """What a delivery of frames holds."""

    items: int
    frames: list[Frame]
    refused: list[Refused]


def without_zeros(digits: str) -> str:
    """Give a number as meters are told apart by it: leading zeros tell none."""
    return digits.lstrip("0")


def envelope(body: bytes) -> Envelope:
    """Read one object or a list of them. Raises BadDeliveryError."""
    items = _loaded(_text(body))
    return _envelope(items if isinstance(items, list) else [items], _as_it_is)


def envelope_of_lines(body: bytes) -> Envelope:
    """Read one object a line. Raises BadDeliveryError; a line that is no JSON costs only itself."""
    return _envelope([line for line in _text(body).split("\n") if line.strip()], _line)


class _Doubled:
    """Stands for an object with a name that stands there twice."""


def _object(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any] | _Doubled:
    made = dict(pairs)
    return made if len(made) == len(pairs) else _Doubled()


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDeliveryError("not_utf8", f"byte {error.start} is not UTF-8; send JSON as UTF-8") from error


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise BadDeliveryError("too_deep", "the JSON is nested too deep; a telegram is one flat object") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadDeliveryError("not_json", f"this is not JSON at {where}: {error.msg}") from error
    except ValueError as error:
        raise BadDeliveryError("not_json", "a number has more digits than can be read") from error


def _as_it_is(item: Any) -> Any:
    return item


def _line(line: str) -> Any:
    try:
        return _loaded(line)
    except BadDeliveryError as error:
        raise TelegramRefusedError(Fault(error.code, error.detail)) from error


def _envelope(items: Sequence[Any], loaded: Callable[[Any], Any]) -> Envelope:
    if not items:
        raise BadDeliveryError("empty", "the delivery holds no telegram")
    if len(items) > MOST_TELEGRAMS:
        raise BadDeliveryError(
            "too_many_items", f"a delivery holds at most {MOST_TELEGRAMS} telegrams; send it in parts"
        )
    frames: list[Frame] = []
    refused: list[Refused] = []
    for place, item in enumerate(items):
        document: Any = None
        try:
            document = loaded(item)
            frames.append(_frame(place, document))
        except TelegramRefusedError as error:
            named = document if isinstance(document, dict) else {}
            one = Refused.by(place, "", error.fault, _written(item))
            names = plain_name(named.get("serial")), plain_name(named.get("metering_point"))
            refused.append(one._replace(serial=names[0], metering_point=names[1]))
    return Envelope(len(items), frames, refused)


def _written(item: Any) -> str:
    try:
        return item if isinstance(item, str) else json.dumps(item, default=lambda _: "a name stands there twice")
    except RecursionError:
        return "nested too deep to be written again; the delivery's own bytes are kept"


def _frame(place: int, document: Any) -> Frame:
    if isinstance(document, _Doubled):
        raise TelegramRefusedError(faults.DUPLICATE_KEY)
    try:
        item = msgspec.convert(document, _Item)
    # Half a character, as JSON may have, is none that a text of msgspec can hold.
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise TelegramRefusedError(Fault(faults.INVALID.code, f"{faults.INVALID.reason}: {_where(error)}")) from error
    if not is_within_calendar(item.received_at):
        raise TelegramRefusedError(faults.TIME_OUT_OF_RANGE)
    if (item.frame is None) == (item.frame_base64 is None):
        raise TelegramRefusedError(faults.ONE_FRAME)
    if any(name is not None and plain_name(name) is None for name in (item.serial, item.metering_point)):
        raise TelegramRefusedError(faults.INVALID)
    if item.zone is not None:
        _require_zone(item.zone)
    data = _from_hex(item.frame) if item.frame is not None else _from_base64(item.frame_base64 or "")
    return Frame(place, item.link, data, item.received_at, item.serial, item.metering_point, item.zone)


def _where(error: Exception) -> str:
    """Say which field it is, by msgspec's words; they hold types and our own names alone."""
    words = str(error)
    return "give the fields as they are described" if "unknown field" in words or "enum" in words else words


def _require_zone(zone: str) -> None:
    try:
        Meter(zone=zone)
    except (ValueError, LookupError, OSError) as error:
        raise TelegramRefusedError(faults.UNKNOWN_ZONE) from error


def _from_hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError as error:
        raise TelegramRefusedError(faults.BAD_HEX) from error


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise TelegramRefusedError(faults.BAD_BASE64) from error
