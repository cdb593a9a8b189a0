"""What reading telegrams again changes: new versions of what was read wrongly, and nothing else."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

Row = Mapping[str, Any]
"""A reading as `said` writes it down, with the item that it came from."""

_NOT_VALUES = ("item", "recorded_at")


class Again(NamedTuple):
    """What became of telegrams that were read again."""

    sent: list[Row]
    """New versions, and withdrawals of what is not read so any more."""
    read_as: list[Row]
    """What they are read as from now on."""


def again(before: Sequence[Row], after: Sequence[Row], at: datetime) -> Again:
    """Hold what telegrams are read as today against what they were read as before.

    What is the same stays. What differs becomes a version recorded at `at`, so that it counts before what the source
    said up to then; so does a withdrawal of an instant that nothing is read for any more. An item that was never read
    counts as recorded when it was read, as if it had been understood at once.
    """
    counted = {row["item"]: row for row in before if not row["withdrawn"]}
    read_once = {row["item"] for row in before}
    sent: list[Row] = []
    read_as: list[Row] = []
    for row in after:
        known = counted.get(row["item"])
        if known is not None and _values(known) == _values(row):
            read_as.append(known)
            continue
        version = {**row, "recorded_at": at.isoformat()} if row["item"] in read_once else row
        sent.append(version)
        read_as.append(version)
    instants = {_instant(row) for row in read_as}
    for row in before:
        if _instant(row) in instants:
            continue
        if not row["withdrawn"]:
            row = _withdrawal(row, at)
            sent.append(row)
        read_as.append(row)
    return Again(sent, read_as)


def _values(row: Row) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in _NOT_VALUES}


def _instant(row: Row) -> tuple[Any, ...]:
    return row.get("serial"), row.get("metering_point"), row["read_at"]


def _withdrawal(row: Row, at: datetime) -> Row:
    kept = {name: row[name] for name in ("item", "serial", "metering_point", "read_at", "energy_wh") if name in row}
    return {**kept, "withdrawn": True, "recorded_at": at.isoformat()}
