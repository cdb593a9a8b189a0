"""Writing what follows from a batch: new rows by direct COPY, changed ones by an UPDATE from arrays."""

from collections.abc import Sequence
from typing import Any, LiteralString
from uuid import UUID

import numpy as np

from services.common import bulk
from services.common.bulk import Column, Kind
from services.common.postgres import Transaction
from services.heat.arrays import UNKNOWN, Bool, Int64, run_starts
from services.heat.days import Days, HourRows
from services.heat.hour_marks import HOUR_S
from services.ingest.core.outcome import Outcome, PointStates, Shifts
from services.ingest.core.readings import ReadingRows
from services.ingest.store import estimation, flags
from services.ingest.store.points import array_literal

DAY_S = 24 * HOUR_S

_ENSURE_PARTITIONS = "SELECT ingest.ensure_partitions(to_timestamp(%s), to_timestamp(%s))"

_READING_COLUMNS = (
    "(point_id, read_at, content_hash, meter_id, rank, recorded_at, energy_wh, volume_l, forward_lc, return_lc,"
    " flow_l_per_h, power_w, supply_c, return_c, withdrawn, verdict, delivery_id)"
)
_ADD_READINGS: LiteralString = f"COPY ingest.reading {_READING_COLUMNS} FROM STDIN (FORMAT binary)"

_VERDICT_COLUMNS = "(point_id, read_at, content_hash, verdict)"
# Points and times are given once more as constants, so that only their months are looked into; TimescaleDB would
# decompress all that there is.
_UPDATE_VERDICTS = """
    UPDATE ingest.reading AS stored SET verdict = changed.verdict
      FROM changed
     WHERE stored.point_id = changed.point_id AND stored.read_at = changed.read_at
       AND stored.content_hash = changed.content_hash
       AND stored.point_id = ANY(%s::int[])
       AND stored.read_at >= to_timestamp(%s) AND stored.read_at <= to_timestamp(%s)
"""

_HOUR_COLUMNS = (
    "(point_id, starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c,"
    " start_quality, end_quality, revision)"
)
_ADD_HOURS: LiteralString = f"COPY ingest.hour {_HOUR_COLUMNS} FROM STDIN (FORMAT binary)"
# What a row was is kept in the statement that changes it. known_from never goes back, though a clock may: each version
# is known from the instant at which the one before was replaced.
_UPDATE_HOURS = """
    WITH replaced AS (
        UPDATE ingest.hour AS stored
           SET energy_wh = changed.energy_wh, volume_l = changed.volume_l, forward_lc = changed.forward_lc,
               return_lc = changed.return_lc, supply_centi_c = changed.supply_centi_c,
               return_centi_c = changed.return_centi_c, start_quality = changed.start_quality,
               end_quality = changed.end_quality, revision = changed.revision,
               known_from = greatest(statement_timestamp(), stored.known_from)
          FROM changed
         WHERE stored.point_id = changed.point_id AND stored.starts_at = changed.starts_at
           AND stored.point_id = ANY(%s::int[])
           AND stored.starts_at >= to_timestamp(%s) AND stored.starts_at <= to_timestamp(%s)
        RETURNING old.*, new.known_from AS replaced_at)
    INSERT INTO ingest.hour_was (
           point_id, starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c,
           start_quality, end_quality, revision, known_from, replaced_at)
    SELECT point_id, starts_at, energy_wh, volume_l, forward_lc, return_lc, supply_centi_c, return_centi_c,
           start_quality, end_quality, revision, known_from, replaced_at
      FROM replaced
"""

_DAY_COLUMNS = (
    "(point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,"
    " volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh, quality,"
    " register_wh, register_l, offset_wh, offset_l, revision)"
)
_ADD_DAYS: LiteralString = f"COPY ingest.day {_DAY_COLUMNS} FROM STDIN (FORMAT binary)"
_UPDATE_DAYS = """
    WITH replaced AS (
        UPDATE ingest.day AS stored
           SET energy_wh = changed.energy_wh, maximum_hour_wh = changed.maximum_hour_wh,
               hours_expected = changed.hours_expected, hours_present = changed.hours_present,
               hours_measured = changed.hours_measured, is_measured = changed.is_measured,
               volume_l = changed.volume_l, forward_lc = changed.forward_lc, forward_l = changed.forward_l,
               return_lc = changed.return_lc, return_l = changed.return_l,
               energy_return_wh_centi_c = changed.energy_return_wh_centi_c,
               energy_with_return_wh = changed.energy_with_return_wh, quality = changed.quality,
               register_wh = changed.register_wh, register_l = changed.register_l, offset_wh = changed.offset_wh,
               offset_l = changed.offset_l, revision = changed.revision,
               known_from = greatest(statement_timestamp(), stored.known_from)
          FROM changed
         WHERE stored.point_id = changed.point_id AND stored.day = changed.day
        RETURNING old.*, new.known_from AS replaced_at)
    INSERT INTO ingest.day_was (
           point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
           volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh,
           quality, register_wh, register_l, offset_wh, offset_l, revision, known_from, replaced_at)
    SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
           volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh,
           quality, register_wh, register_l, offset_wh, offset_l, revision, known_from, replaced_at
      FROM replaced
"""

_STATE_COLUMNS = (
    "(point_id, newest_s, accepted_s, accepted_wh, accepted_l, accepted_forward_lc, accepted_return_lc, mark_s,"
    " mark_wh, mark_l, mark_forward_lc, mark_return_lc, mark_quality, offset_wh, offset_l, unbroken, has_open_samples)"
)
_UPDATE_STATES = """
    UPDATE ingest.point_state AS stored
       SET newest_s = changed.newest_s, accepted_s = changed.accepted_s, accepted_wh = changed.accepted_wh,
           accepted_l = changed.accepted_l, accepted_forward_lc = changed.accepted_forward_lc,
           accepted_return_lc = changed.accepted_return_lc, mark_s = changed.mark_s, mark_wh = changed.mark_wh,
           mark_l = changed.mark_l, mark_forward_lc = changed.mark_forward_lc,
           mark_return_lc = changed.mark_return_lc, mark_quality = changed.mark_quality,
           offset_wh = changed.offset_wh, offset_l = changed.offset_l, unbroken = changed.unbroken,
           has_open_samples = changed.has_open_samples
      FROM changed
     WHERE stored.point_id = changed.point_id
"""

# An invoice may have printed the register that moves here, so it is kept, too.
_SHIFT_DAYS = """
    WITH replaced AS (
        UPDATE ingest.day AS stored
           SET register_wh = register_wh + %(delta_wh)s, register_l = register_l + %(delta_l)s,
               offset_wh = offset_wh + %(delta_wh)s, offset_l = offset_l + %(delta_l)s,
               known_from = greatest(statement_timestamp(), stored.known_from)
         WHERE point_id = %(point_id)s AND day >= DATE '1970-01-01' + %(from_day)s::int
        RETURNING old.*, new.known_from AS replaced_at)
    INSERT INTO ingest.day_was (
           point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
           volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh,
           quality, register_wh, register_l, offset_wh, offset_l, revision, known_from, replaced_at)
    SELECT point_id, day, energy_wh, maximum_hour_wh, hours_expected, hours_present, hours_measured, is_measured,
           volume_l, forward_lc, forward_l, return_lc, return_l, energy_return_wh_centi_c, energy_with_return_wh,
           quality, register_wh, register_l, offset_wh, offset_l, revision, known_from, replaced_at
      FROM replaced
"""


# Told of by the same hand that tells of spans judged again.
_NOTE_FAR = """
    INSERT INTO ingest.rejudge (point_id, from_at, to_at, reason, changed_from, changed_to)
    SELECT point_id, to_timestamp(first_s), to_timestamp(end_s), %s, to_timestamp(first_s), to_timestamp(end_s)
      FROM unnest(%s::int[], %s::bigint[], %s::bigint[]) AS changed(point_id, first_s, end_s)
"""


async def ensure_partitions(tx: Transaction, first_s: int, last_s: int) -> None:
    """Make the partitions for a span of time, where they are not there yet."""
    await tx.execute(_ENSURE_PARTITIONS, [first_s, last_s])


async def write(tx: Transaction, outcome: Outcome, deliveries: Sequence[UUID | None]) -> None:
    """Write everything that a batch changes. A row called new that is there already is a bug, and raises."""
    await _add_readings(tx, outcome.readings, deliveries)
    await _update_verdicts(tx, outcome.rejudged)
    await _write_hours(tx, outcome.hours, outcome.hour_revision, outcome.hour_is_new)
    await _write_days(tx, outcome.days, outcome.day_revision, outcome.day_is_new)
    await flags.write(tx, outcome.flags)
    await estimation.days_changed(tx, outcome.days)
    await _shift_days(tx, outcome.shifts)
    await _update_states(tx, outcome.states)


async def note_far(tx: Transaction, outcome: Outcome, reason: str = "far from what was read") -> None:
    """Note what a batch changed far from its readings, to be told of even though a crash loses the announcement.

    Who tells of a batch once more looks around its readings only; this says what lies further away.
    """
    owner = np.concatenate((outcome.hours.owner, outcome.days.owner))
    changed_s = np.concatenate((outcome.hours.starts_s, outcome.days.day * DAY_S))
    order = np.lexsort((changed_s, owner))
    order = order[np.isin(owner[order], outcome.far)]
    if len(order) == 0:
        return
    first = run_starts(owner[order])
    last = np.append(first[1:], len(order)) - 1
    spans = (owner[order[first]], changed_s[order[first]], changed_s[order[last]] + HOUR_S)
    await tx.execute(_NOTE_FAR, [reason, *(column.tolist() for column in spans)])


async def _add_readings(tx: Transaction, rows: ReadingRows, deliveries: Sequence[UUID | None]) -> None:
    # One slot more, for readings that no delivery brought: its bytes are never written.
    identities = np.frombuffer(b"".join((one or UUID(int=0)).bytes for one in [*deliveries, None]), "V16")
    has_delivery = np.array([one is not None for one in [*deliveries, None]])
    columns = [
        Column("int4", rows.point_id),
        Column("timestamptz", rows.read_at_s),
        Column("int8", rows.content_hash),
        Column("int4", rows.meter_id, rows.meter_id != 0),
        Column("int2", rows.rank),
        Column("timestamptz_us", rows.recorded_us),
        Column("int8", rows.energy_wh),
        *(_known("int8", column) for column in (rows.volume_l, rows.forward_lc, rows.return_lc)),
        *(
            Column("float4", column, ~np.isnan(column))
            for column in (rows.flow_l_per_h, rows.power_w, rows.supply_c, rows.return_c)
        ),
        Column("bool", rows.withdrawn),
        Column("int2", rows.verdict),
        Column("uuid", identities[rows.delivery], has_delivery[rows.delivery]),
    ]
    await bulk.copy_in(tx, _ADD_READINGS, columns)


async def _update_verdicts(tx: Transaction, rows: ReadingRows) -> None:
    columns = [
        Column("int4", rows.point_id),
        Column("timestamptz", rows.read_at_s),
        Column("int8", rows.content_hash),
        Column("int2", rows.verdict),
    ]
    await _update(tx, _UPDATE_VERDICTS, _VERDICT_COLUMNS, columns, _extent(rows.point_id, rows.read_at_s))


async def _write_hours(tx: Transaction, rows: HourRows, revision: Int64, is_new: Bool) -> None:
    await bulk.copy_in(tx, _ADD_HOURS, _hour_columns(rows.take(is_new), revision[is_new]))
    changed = rows.take(~is_new)
    columns = _hour_columns(changed, revision[~is_new])
    await _update(tx, _UPDATE_HOURS, _HOUR_COLUMNS, columns, _extent(changed.owner, changed.starts_s))


def _extent(point_id: Int64, at_s: Int64) -> list[Any]:
    if len(point_id) == 0:
        return []
    return [array_literal(np.unique(point_id).tolist()), int(at_s.min()), int(at_s.max())]


def _hour_columns(rows: HourRows, revision: Int64) -> list[Column]:
    return [
        Column("int4", rows.owner),
        Column("timestamptz", rows.starts_s),
        *(_known("int8", column) for column in (rows.energy_wh, rows.volume_l, rows.forward_lc, rows.return_lc)),
        *(_known("int4", column) for column in (rows.supply_centi_c, rows.return_centi_c)),
        Column("int2", rows.start_quality),
        Column("int2", rows.end_quality),
        Column("int8", revision),
    ]


async def _write_days(tx: Transaction, rows: Days, revision: Int64, is_new: Bool) -> None:
    await bulk.copy_in(tx, _ADD_DAYS, _day_columns(rows.take(is_new), revision[is_new]))
    changed = _day_columns(rows.take(~is_new), revision[~is_new])
    await _update(tx, _UPDATE_DAYS, _DAY_COLUMNS, changed)


def _day_columns(rows: Days, revision: Int64) -> list[Column]:
    return [
        Column("int4", rows.owner),
        Column("date", rows.day),
        *(_known("int8", column) for column in (rows.energy_wh, rows.maximum_hour_wh)),
        *(Column("int2", column) for column in (rows.hours_expected, rows.hours_present, rows.hours_measured)),
        Column("bool", rows.is_measured),
        _known("int8", rows.volume_l),
        *(Column("int8", column) for column in (rows.forward_lc, rows.forward_l, rows.return_lc, rows.return_l)),
        Column("int8", rows.energy_return_wh_centi_c),
        Column("int8", rows.energy_with_return_wh),
        Column("int2", rows.quality),
        *(_known("int8", column) for column in (rows.register_wh, rows.register_l, rows.offset_wh, rows.offset_l)),
        Column("int8", revision),
    ]


async def _update_states(tx: Transaction, states: PointStates) -> None:
    columns = [
        Column("int4", states.point_id),
        Column("int8", states.newest_s),
        Column("int8", states.accepted_s),
        *(Column("int8", column) for column in states.accepted.T),
        Column("int8", states.mark_s),
        *(Column("int8", column) for column in states.mark.T),
        Column("int2", states.mark_quality),
        *(Column("int8", column) for column in states.offset.T),
        Column("int2", states.unbroken),
        Column("int2", states.has_open_samples),
    ]
    await _update(tx, _UPDATE_STATES, _STATE_COLUMNS, columns)


async def _shift_days(tx: Transaction, shifts: Shifts) -> None:
    for shift in zip(*(column.tolist() for column in shifts), strict=True):
        await tx.execute(_SHIFT_DAYS, dict(zip(Shifts._fields, shift, strict=True)))


async def _update(
    tx: Transaction,
    statement: LiteralString,
    names: LiteralString,
    columns: list[Column],
    parameters: Sequence[Any] = (),
) -> None:
    count = len(columns[0].values)
    if count == 0:
        return
    updated = await bulk.update(tx, statement, names, columns, parameters)
    if updated != count:
        raise LookupError(f"{count - updated} of {count} rows to change are not there: {statement.split('SET')[0]}")


def _known(kind: Kind, values: Int64) -> Column:
    return Column(kind, values, values != UNKNOWN)
