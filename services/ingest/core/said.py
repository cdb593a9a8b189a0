"""What readings said, as values that JSON can hold, and back: nothing of a reading that cannot be used is lost."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from schemas.readings import METER_READINGS

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
TEXT_KEPT = 2_000


def said(readings: pa.RecordBatch) -> list[dict[str, Any]]:
    """Write each reading of METER_READINGS down; what it does not give is left out.

    A time becomes ISO 8601, or microseconds since 1970 where no calendar has it. Samples become text, since they may
    be NaN or infinite. Characters that PostgreSQL cannot store in a text are replaced.
    """
    columns = {field.name: _values(readings.column(field.name), field.type) for field in METER_READINGS}
    rows = zip(*columns.values(), strict=True)
    return [{name: value for name, value in zip(columns, row, strict=True) if value is not None} for row in rows]


def _values(column: pa.Array, kind: pa.DataType) -> list[Any]:
    if pa.types.is_timestamp(kind):
        return [None if at_us is None else _written(at_us) for at_us in column.cast(pa.int64()).to_pylist()]
    if pa.types.is_floating(kind):
        return [None if value is None else str(value) for value in column.to_pylist()]
    if pa.types.is_string(kind):
        return [None if text is None else storable(text)[:TEXT_KEPT] for text in column.to_pylist()]
    return list(column.to_pylist())


def _written(at_us: int) -> str | int:
    at = moment(at_us)
    return at_us if at is None else at.isoformat()


def moment(at_us: int) -> datetime | None:
    """Give an instant in microseconds since 1970 as a time; None where no calendar has it."""
    try:
        return _EPOCH + timedelta(microseconds=at_us)
    except OverflowError:
        return None


def storable(text: str) -> str:
    """Replace what PostgreSQL cannot hold in a text: NUL, and halves of characters."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def unsaid(reading: Mapping[str, Any]) -> dict[str, Any]:
    """Turn a reading that was written down into values for METER_READINGS again."""
    return {field.name: _value(field.type, reading.get(field.name)) for field in METER_READINGS}


def _value(kind: pa.DataType, value: Any) -> Any:
    if value is None:
        return None
    if pa.types.is_timestamp(kind):
        return value if isinstance(value, int) else datetime.fromisoformat(value)
    return float(value) if pa.types.is_floating(kind) else value
