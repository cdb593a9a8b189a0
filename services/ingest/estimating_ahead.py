"""Estimates ahead of the last reading, as an operator asks for them: computed, and sent the way of every reading."""

from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import numpy as np

from services.common import logs
from services.common.postgres import Transaction
from services.heat.arrays import Int64, values_at
from services.heat.gaps import Gaps, hours_of_gaps
from services.heat.hour_marks import HOUR_S
from services.heat.local_time import local_day
from services.heat.signature import Refused
from services.ingest.core.estimates_ahead import (
    DAYS_BEFORE,
    Basis,
    EstimatesAhead,
    NotEstimated,
    by_mean,
    by_signature,
    by_year_before,
    volume_with,
)
from services.ingest.core.identify import Reference
from services.ingest.core.installations import NOT_INSTALLED, Terms, terms
from services.ingest.core.readings import ESTIMATE_RANK
from services.ingest.core.refusals import Refusal, RefusedError
from services.ingest.core.signatures import YEAR_DAYS, expected_kw, fitted_by_month, month_of
from services.ingest.editing import Said, send
from services.ingest.store import ahead, edits, reference, signatures, weather
from services.ingest.store.ahead import Last
from services.ingest.store.edits import Edit

log = logs.get_logger()
ACTION = "estimate_ahead"


class Estimate(NamedTuple):
    """What a metering point is expected to use from its last register on."""

    energy_wh: int
    volume_l: int | None
    """None where the meter's volume is not known."""
    by: Basis


class _Refused(Exception):
    def __init__(self, reason: NotEstimated) -> None:
        super().__init__(reason)
        self.reason = reason


async def estimate_ahead(tx: Transaction, asked: EstimatesAhead, zone: ZoneInfo, future_s: int) -> list[dict[str, Any]]:
    """Estimate what each metering point has used up to a local midnight; says of each what came of it.

    Raises RefusedError where that midnight is still to come.
    """
    until = _midnight(asked.until, zone)
    if until > datetime.now(UTC) + timedelta(seconds=future_s):
        raise RefusedError(Refusal.UNUSABLE, "until: nothing that is still to come is estimated")
    await reference.version(tx)
    ahead_of = _EstimatingAhead(tx, await reference.load(tx), until, zone)
    return [await _answered(tx, ahead_of, asked, number, future_s) for number in dict.fromkeys(asked.metering_points)]


async def _answered(
    tx: Transaction, ahead_of: "_EstimatingAhead", asked: EstimatesAhead, number: str, future_s: int
) -> dict[str, Any]:
    try:
        point_id, last, estimate = await ahead_of.of(number)
    except _Refused as refused:
        return {"metering_point": number, "result": "refused", "reason": refused.reason, "why": refused.reason.why}
    done = {
        "metering_point": number,
        "result": "estimated",
        "from": last.read_at.isoformat(),
        "until": ahead_of.until.isoformat(),
        "energy_wh": estimate.energy_wh,
        "volume_l": estimate.volume_l,
        "by": estimate.by.value,
    }
    if asked.dry_run:
        return done
    edit_id = uuid4()
    document = {"action": ACTION, "who": asked.who, "cause": asked.cause} | done
    edit = Edit(edit_id, asked.who, ACTION, point_id, None, last.read_at, ahead_of.until, document, asked.cause)
    try:
        async with tx.transaction():
            await edits.add(tx, edit)
            await _send(tx, edit_id, ahead_of.said(number, point_id, last, estimate), future_s)
    except RefusedError as refused:
        # Such as a register that nothing can show; the others are estimated all the same.
        return {"metering_point": number, "result": "refused", "reason": refused.refusal.value, "why": refused.detail}
    return done | {"edit_id": str(edit_id)}


async def _send(tx: Transaction, edit_id: UUID, reading: dict[str, Any], future_s: int) -> None:
    await send(tx, edit_id, [Said(reading, ESTIMATE_RANK)], ESTIMATE_RANK, future_s)
    log.info("estimated_ahead", edit_id=str(edit_id))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone).astimezone(UTC)


def _year_before(at: datetime, zone: ZoneInfo) -> datetime:
    local = at.astimezone(zone)
    day = local.day if (local.month, local.day) != (2, 29) else 28
    return local.replace(year=local.year - 1, day=day).astimezone(UTC)


class _EstimatingAhead:
    """Estimates metering points up to one midnight, by what is stored."""

    def __init__(self, tx: Transaction, known: Reference, until: datetime, zone: ZoneInfo) -> None:
        self._tx = tx
        self._known = known
        self.until = until
        self._zone = zone

    async def of(self, number: str) -> tuple[int, Last, Estimate]:
        """Estimate one metering point; gives its id, and what the estimate goes on from. Raises _Refused."""
        point_id = self._known.point_by_number.get(number)
        if point_id is None:
            raise _Refused(NotEstimated.UNKNOWN_METERING_POINT)
        last = await ahead.last(self._tx, point_id)
        if last is None or last.first > self.until:
            raise _Refused(NotEstimated.NEVER_READ)
        if last.read_at >= self.until:
            raise _Refused(NotEstimated.ALREADY_KNOWN)
        of_meter = self._terms(point_id, last)
        if of_meter.segment[0] != of_meter.segment[1] or of_meter.segment[0] == NOT_INSTALLED:
            raise _Refused(NotEstimated.ANOTHER_METER)
        estimate = await self._estimate(point_id, last)
        most_wh = int(of_meter.maximum_w[1]) * self._span_s(last) // HOUR_S + int(of_meter.tolerance_wh[1])
        if estimate.energy_wh > most_wh:
            raise _Refused(NotEstimated.ABOVE_PLAUSIBLE_MAXIMUM)
        return point_id, last, estimate

    def said(self, number: str, point_id: int, last: Last, estimate: Estimate) -> dict[str, Any]:
        """Give the registers that the meter is expected to show, as a reading says them."""
        of_meter = self._terms(point_id, last)
        modulus_wh, modulus_l = int(of_meter.modulus_wh[1]), int(of_meter.modulus_l[1])
        reading: dict[str, Any] = {"metering_point": number, "read_at": self.until.isoformat()}
        reading["energy_wh"] = _rolled(last.energy_wh + estimate.energy_wh, modulus_wh)
        if last.volume_l is not None and estimate.volume_l is not None:
            reading["volume_l"] = _rolled(last.volume_l + estimate.volume_l, modulus_l)
        return reading

    def _terms(self, point_id: int, last: Last) -> Terms:
        at_s = np.array([int(last.read_at.timestamp()), int(self.until.timestamp())])
        owner = np.full(2, point_id)
        maximum_w = self._known.maximum_of(owner)
        return terms(self._known.installations, owner, np.zeros(2, np.int64), at_s, maximum_w)

    def _span_s(self, last: Last) -> int:
        return int((self.until - last.read_at).total_seconds())

    async def _estimate(self, point_id: int, last: Last) -> Estimate:
        """By the signature and the temperatures since, else the same days a year before, else the days before."""
        before = await ahead.used(self._tx, point_id, last.was_read - timedelta(days=DAYS_BEFORE), last.was_read)
        for basis, energy_wh in (
            (Basis.SIGNATURE, await self._by_signature(point_id, last)),
            (Basis.YEAR_BEFORE, await self._by_year_before(point_id, last)),
            (Basis.MEAN, by_mean(before, self._span_s(last))),
        ):
            if energy_wh is not None:
                volume_l = None if last.volume_l is None else volume_with(energy_wh, before)
                return Estimate(energy_wh, volume_l, basis)
        raise _Refused(NotEstimated.NOTHING_TO_GO_BY)

    async def _by_signature(self, point_id: int, last: Last) -> int | None:
        at = int(np.searchsorted(self._known.point_id, point_id))
        station_id = self._known.station_id[at]
        if station_id is None:
            return None
        from_s, to_s = int(last.read_at.timestamp()), int(self.until.timestamp())
        # Of the month in which the gap begins, as the gap is shaped.
        month = month_of(local_day(np.array([from_s]), self._zone))
        owner: Int64 = np.array([point_id])
        days = await signatures.days_with_temperature(self._tx, owner, int(month[0]) - YEAR_DAYS, int(month[0]))
        is_cooling = self._known.cooling_of(owner)
        fitted = fitted_by_month(owner, month, is_cooling, days)
        if fitted.refused[0] != Refused.NOT:
            return None
        _, hour_s = hours_of_gaps(Gaps(owner, np.array([from_s]), np.array([to_s])))
        known = await weather.effective_hours(self._tx, [station_id], int(hour_s[0]), to_s)
        outdoor_c = values_at(known[station_id].starts_s, known[station_id].celsius, hour_s)
        each = np.zeros(len(hour_s), np.int64)
        return by_signature(expected_kw(fitted.take(each), is_cooling[each], outdoor_c), hour_s, from_s, to_s)

    async def _by_year_before(self, point_id: int, last: Last) -> int | None:
        from_at, to_at = (_year_before(at, self._zone) for at in (last.read_at, self.until))
        span_s = int((to_at - from_at).total_seconds())
        return by_year_before(await ahead.used(self._tx, point_id, from_at, to_at), span_s)


def _rolled(register: int, modulus: int) -> int:
    return register % modulus if modulus else register
