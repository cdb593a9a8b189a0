"""A year of hourly readings as arrays, one in a thousand of them flawed in one of the ways that the field knows."""

import numpy as np

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.core.installations import NEVER_S, Installations, Terms, terms
from services.ingest.core.readings import SENTINELS, ReadingRows
from tests.builders import HOUR_S, MIDNIGHT_S

HOURS = 365 * 24 + 1
RESOLUTION_WH = 1_000
FLAWED_ONE_IN = 1_000
MAXIMUM_W = 5_000_000
SUPPLY_C, RETURN_C = 80, 40
KWH_PER_M3_AND_DEGREE = 1.16


def flawed_year(first_point: int, meters: int) -> ReadingRows:
    """Give the readings of some meters in order, as they come in; every second meter shows integrals."""
    noise = np.random.default_rng(first_point)
    used_kwh = noise.integers(10, 30, (meters, HOURS))
    flawed = noise.choice(meters * HOURS, meters * HOURS // FLAWED_ONE_IN, replace=False)
    backwards, implausible, sentinel, late, late_volume, spike = (flawed[kind::6] for kind in range(6))
    used_kwh.flat[spike] *= 5
    energy_wh = 1_000 * used_kwh.cumsum(axis=1)
    volume_l = (energy_wh / (KWH_PER_M3_AND_DEGREE * (SUPPLY_C - RETURN_C))).astype(np.int64)
    forward_lc, return_lc = (volume_l * degrees // 1_000 * 1_000 for degrees in (SUPPLY_C, RETURN_C))
    for register in (forward_lc, return_lc):
        register[1::2] = UNKNOWN
    energy_wh.flat[late] = energy_wh.flat[late - 1]
    volume_l.flat[late_volume] = volume_l.flat[late_volume - 1]
    energy_wh.flat[backwards] //= 2
    energy_wh.flat[implausible] += 10**9
    energy_wh.flat[sentinel] = SENTINELS[0]
    return _rows(first_point, energy_wh, volume_l, forward_lc, return_lc)


def _rows(first_point: int, energy_wh: Int64, volume_l: Int64, forward_lc: Int64, return_lc: Int64) -> ReadingRows:
    point_id = np.repeat(np.arange(first_point, first_point + len(energy_wh)), HOURS)
    read_at_s = np.tile(MIDNIGHT_S + HOUR_S * np.arange(HOURS), len(energy_wh))
    count = len(point_id)
    nothing, unknown = np.zeros(count, np.int64), np.full(count, np.nan)
    return ReadingRows(
        point_id=point_id,
        read_at_s=read_at_s,
        content_hash=np.arange(count),
        meter_id=nothing,
        rank=nothing + 10,
        recorded_us=read_at_s * 1_000_000,
        energy_wh=energy_wh.ravel(),
        volume_l=volume_l.ravel(),
        forward_lc=forward_lc.ravel(),
        return_lc=return_lc.ravel(),
        flow_l_per_h=unknown,
        power_w=unknown,
        supply_c=np.full(count, float(SUPPLY_C)),
        return_c=np.full(count, float(RETURN_C)),
        withdrawn=nothing,
        verdict=nothing,
        delivery=nothing,
    )


def installations(first_point: int, meters: int) -> Installations:
    """Give one meter for each metering point, there from the beginning."""
    point_id, nothing = np.arange(first_point, first_point + meters), np.zeros(meters, np.int64)
    unknown = np.full(meters, UNKNOWN)
    return Installations(
        point_id=point_id,
        meter_id=point_id,
        installed_s=nothing,
        removed_s=np.full(meters, NEVER_S),
        start_wh=unknown,
        stop_wh=unknown,
        start_l=unknown,
        stop_l=unknown,
        modulus_wh=np.full(meters, 10**12),
        modulus_l=nothing,
        resolution_wh=np.full(meters, RESOLUTION_WH),
        rules_off=nothing,
        smoothing=nothing,
    )


def terms_of(rows: ReadingRows, installed: Installations) -> Terms:
    """Find the meter behind each reading, and the terms on which it is judged."""
    return terms(installed, rows.point_id, rows.meter_id, rows.read_at_s, np.full(len(rows.point_id), MAXIMUM_W))
