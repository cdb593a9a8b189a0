"""Readings as JSON: one object, a list of them, or one to a line (NDJSON).

A good delivery is decoded at once. Whatever that decoder refuses, or cannot be trusted with, is read again item by
item, so that one bad item costs only itself.
"""

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import repeat
from typing import Annotated, Any, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta

from schemas.readings import METER_READINGS
from services.ingest.core.form import MAXIMUM_REGISTER, MAXIMUM_SAMPLE, is_within_calendar
from services.ingest.core.parsed import (
    NAME_WANTED,
    BadDeliveryError,
    Parsed,
    RefusedItem,
    is_plain_name,
    plain_name,
    require_few,
)
from services.ingest.core.said import TEXT_KEPT, storable
from services.ingest.core.verdict import Verdict

Moment: TypeAlias = Annotated[datetime, Meta(tz=True)]
Register: TypeAlias = Annotated[int, Meta(ge=-MAXIMUM_REGISTER, le=MAXIMUM_REGISTER)]
Sample: TypeAlias = Annotated[float, Meta(ge=-MAXIMUM_SAMPLE, le=MAXIMUM_SAMPLE)]


class Reading(msgspec.Struct, forbid_unknown_fields=True, kw_only=True, gc=False):
    """An item as it is sent; the names and units are METER_READINGS'."""

    read_at: Moment
    serial: str | None = None
    metering_point: str | None = None
    recorded_at: Moment | None = None
    energy_wh: Register | None = None
    volume_l: Register | None = None
    forward_lc: Register | None = None
    return_lc: Register | None = None
    flow_l_per_h: Sample | None = None
    power_w: Sample | None = None
    supply_c: Sample | None = None
    return_c: Sample | None = None
    withdrawn: bool | None = None


FIELDS = Reading.__struct_fields__
_DECODE_LIST = msgspec.json.Decoder(list[Reading]).decode
_DECODE_ONE = msgspec.json.Decoder(Reading)
_OUTSIDE_CALENDAR = datetime(2200, 1, 1, tzinfo=UTC)
"""Stands for times that have no UTC; it is refused as implausible later, as they would be."""
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_LONGEST_INTEGER = 40
_TOO_LARGE = 10**40
"""Stands for numbers of more digits, which Python refuses to read; no register can show either."""


def parse(body: bytes) -> Parsed:
    """Read one object or a list of them. Raises BadDeliveryError."""
    parsed = _at_once(_DECODE_LIST if body.lstrip()[:1] == b"[" else _decode_one, body)
    if parsed:
        return parsed
    # Counted before they are loaded: a few bytes of an empty item become a hundred in memory.
    require_few(max(body.count(b"{"), min(body.count(b"["), body.count(b",") + 1)))
    items = _loaded(_text(body))
    return _item_by_item(items if isinstance(items, list) else [items], _as_it_is, json.dumps)


def parse_lines(body: bytes) -> Parsed:
    """Read one object a line. Raises BadDeliveryError; a line that is no JSON costs only itself."""
    parsed = _at_once(_DECODE_ONE.decode_lines, body)
    if parsed:
        return parsed
    return _item_by_item([line for line in _text(body).split("\n") if line.strip()], _line, str)


def _decode_one(body: bytes) -> list[Reading]:
    return [_DECODE_ONE.decode(body)]


def _at_once(decode: Callable[[bytes], list[Reading]], body: bytes) -> Parsed | None:
    """Read a delivery whole; None where it must be read item by item."""
    try:
        readings = decode(body)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return None
    require_few(len(readings))
    columns = _columns(readings)
    if not _each_field_once(body, columns):
        return None
    return _parsed(columns, len(readings), range(len(readings)), [])


def _each_field_once(body: bytes, columns: Mapping[str, pa.Array]) -> bool:
    """Tell whether no item names a field twice: every decoder would silently keep the last one.

    A field stands in the body as often as items have it, unless one has it twice or has it as null. Escapes could
    hide a name, so a body with any is read item by item.
    """
    if b"\\" in body:
        return False
    stands = {name: body.count(b'"%s"' % name.encode()) for name in FIELDS}
    return all(count <= len(columns[name]) - columns[name].null_count for name, count in stands.items() if count)


def _text(body: bytes) -> str:
    try:
        return body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise BadDeliveryError("not_utf8", f"byte {error.start} is not UTF-8; send JSON as UTF-8") from error


class _Object(dict[str, Any]):
    """A JSON object that knows whether one of its names stood there twice."""

    doubled: str | None = None


def _object(pairs: Sequence[tuple[str, Any]]) -> _Object:
    made = _Object()
    for name, value in pairs:
        if name in made:
            made.doubled = made.doubled or name
        made[name] = value
    return made


def _loaded(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_object, parse_int=_integer)
    except RecursionError as error:
        raise BadDeliveryError("too_deep", "the JSON is nested too deep; a reading is one flat object") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise BadDeliveryError("not_json", f"this is not JSON at {where}: {error.msg}") from error


def _integer(text: str) -> int:
    return int(text) if len(text) <= _LONGEST_INTEGER else _TOO_LARGE


class _FaultError(Exception):
    def __init__(self, field: str, verdict: Verdict, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.verdict = verdict
        self.reason = reason


def _item_by_item(items: Sequence[Any], loaded: Callable[[Any], Any], written: Callable[[Any], str]) -> Parsed:
    require_few(len(items))
    readings: list[Reading] = []
    places: list[int] = []
    refused: list[RefusedItem] = []
    for place, item in enumerate(items):
        try:
            readings.append(_reading(loaded(item)))
            places.append(place)
        except _FaultError as fault:
            refused.append(_refused(place, fault, item, storable(_attempted(written, item))[:TEXT_KEPT]))
    return _parsed(_columns(readings), len(items), places, refused)


def _refused(place: int, fault: _FaultError, item: Any, text: str) -> RefusedItem:
    named = item if isinstance(item, _Object) else {}
    names = plain_name(named.get("serial")), plain_name(named.get("metering_point"))
    return RefusedItem(place, fault.field, fault.verdict, fault.reason, text, *names, _read_at(named))


def _read_at(named: Mapping[str, Any]) -> datetime | None:
    try:
        moment = _moment("read_at", named.get("read_at"))
    except _FaultError:
        return None
    return moment if is_within_calendar(moment) else None


def _attempted(written: Callable[[Any], str], item: Any) -> str:
    try:
        return written(item)
    except RecursionError:
        return "nested too deep to be written again; the delivery's own bytes are kept"


def _as_it_is(item: Any) -> Any:
    return item


def _line(line: str) -> Any:
    try:
        return _loaded(line)
    except BadDeliveryError as error:
        raise _FaultError("", Verdict.INVALID, error.detail) from error


def _reading(item: Any) -> Reading:
    if not isinstance(item, _Object):
        raise _FaultError("", Verdict.WRONG_TYPE, "a reading is an object with named fields")
    if item.doubled is not None:
        raise _FaultError(_name(item.doubled), Verdict.DUPLICATE_KEY, "the field stands there twice; give it once")
    for name in item:
        if name not in FIELDS:
            known = ", ".join(FIELDS)
            raise _FaultError(_name(name), Verdict.UNKNOWN_FIELD, f"there is no such field; the fields are {known}")
    if item.get("read_at") is None:
        raise _FaultError("read_at", Verdict.FIELD_MISSING, "give the time, such as 2026-01-05T07:00:00+01:00")
    given = {name: _checked(name, value) for name, value in item.items() if value is not None}
    return Reading(**given)


def _name(name: str) -> str:
    return name if name in FIELDS else storable(name)[:60]


def _checked(name: str, value: Any) -> Any:
    if name in {"read_at", "recorded_at"}:
        return _moment(name, value)
    if name in {"serial", "metering_point"}:
        return _named(name, value)
    if name == "withdrawn":
        return _typed(name, value, bool, "true or false")
    if name in {"energy_wh", "volume_l", "forward_lc", "return_lc"}:
        return _register(name, value)
    return _sample(name, value)


def _typed(name: str, value: Any, kind: Any, wanted: str) -> Any:
    # A bool is an int in Python, but no register is "true".
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise _FaultError(name, Verdict.WRONG_TYPE, f"give {wanted}")
    return value


def _moment(name: str, value: Any) -> datetime:
    text = _typed(name, value, str, "a time as text, such as 2026-01-05T07:00:00+01:00")
    try:
        moment = msgspec.convert(text, datetime)
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        wanted = "no such time: write it as in 2026-01-05T07:00:00+01:00 (RFC 3339)"
        raise _FaultError(name, Verdict.INVALID, wanted) from error
    if moment.tzinfo is None:
        raise _FaultError(name, Verdict.NAIVE_TIME, "the time has no offset; end it with Z or +01:00")
    return moment


def _named(name: str, value: Any) -> str:
    text: str = _typed(name, value, str, "text")
    if not is_plain_name(text):
        raise _FaultError(name, Verdict.INVALID, NAME_WANTED)
    return text


def _register(name: str, value: Any) -> int:
    if isinstance(value, float) and not math.isfinite(value):
        raise _FaultError(name, Verdict.NOT_FINITE, "give a whole number of Wh, litres or litre-degrees")
    number: int = _typed(name, value, int, "a whole number, of Wh, litres or litre-degrees")
    if abs(number) > MAXIMUM_REGISTER:
        raise _FaultError(name, Verdict.OUT_OF_RANGE, "registers reach to 10^15 at most")
    return number


def _sample(name: str, value: Any) -> float:
    number = _typed(name, value, int | float, "a number")
    if not math.isfinite(number):
        raise _FaultError(name, Verdict.NOT_FINITE, "give a finite number, or leave the field out")
    if abs(number) > MAXIMUM_SAMPLE:
        raise _FaultError(name, Verdict.OUT_OF_RANGE, "samples reach to 10^9 at most")
    return float(number)


def _columns(readings: Sequence[Reading]) -> dict[str, pa.Array]:
    """Lay items out by field, null where an item does not have it."""
    values = zip(*map(msgspec.structs.astuple, readings), strict=True) if readings else repeat(())
    by_name = zip(FIELDS, values, strict=False)  # Of no items, there is no end of empty columns.
    return {name: _column(METER_READINGS.field(name).type, column) for name, column in by_name}


def _column(kind: pa.DataType, values: Sequence[Any]) -> pa.Array:
    if pa.types.is_timestamp(kind):
        return pa.array([_with_utc(moment) for moment in values], kind)
    return pa.array(values, kind)


def _with_utc(moment: datetime | None) -> datetime | None:
    return moment if moment is None or _FIRST_YEAR < moment.year < _LAST_YEAR else _OUTSIDE_CALENDAR


def _parsed(columns: Mapping[str, pa.Array], items: int, places: Iterable[int], refused: list[RefusedItem]) -> Parsed:
    if items == 0:
        raise BadDeliveryError("empty", "the delivery holds no reading")
    require_few(items)
    whole = {**columns, "withdrawn": columns["withdrawn"].fill_null(False)}
    rows = pa.RecordBatch.from_arrays([whole[name] for name in METER_READINGS.names], schema=METER_READINGS)
    return Parsed(items, rows, np.array(list(places), np.int64), refused)
