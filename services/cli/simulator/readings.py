"""What the meters say, when nothing goes wrong: every reading of the period, and when it reaches the head-end."""

from collections.abc import Sequence
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.readings import METER_READINGS
from services.cli.simulator.calendar import midnights
from services.cli.simulator.chance import Stream, chance
from services.cli.simulator.metering import DAILY, Meter, MeteringPoint, Naming
from services.cli.simulator.registers import FORWARD, LITRES, WH, Registers
from services.heat.arrays import UNKNOWN, Bool, Int64
from services.heat.hour_marks import HOUR_S

Float32 = npt.NDArray[np.float32]
SAMPLE_NOISE = 0.2
"""A momentary flow or power departs so much from the mean of its hour."""
FLOW, POWER, SUPPLY_C, RETURN_C = range(4)


class Rows(NamedTuple):
    """Readings: (n,) each."""

    point: Int64
    """Index of the metering point."""
    meter: Int64
    """Index of the meter."""
    read_at_s: Int64
    sent_at_s: Int64
    """When the reading leaves the head-end."""
    recorded_at_s: Int64
    """UNKNOWN where the value was never touched."""
    registers: Int64
    """(n, 4): Wh, l, forward and return litre-degrees; UNKNOWN where the meter has none."""
    samples: Float32
    """(n, 4): flow l/h, power W, supply and return C; NaN where the meter gives none."""
    is_withdrawn: Bool

    def take(self, which: Int64 | Bool) -> "Rows":
        """Pick rows by index or mask."""
        return Rows._make(column[which] for column in self)


def joined(*parts: Rows) -> Rows:
    """Lay rows end to end."""
    return Rows._make(np.concatenate(columns) for columns in zip(*parts, strict=True))


class Temperatures(NamedTuple):
    """Of the water at each metering point in each hour: (p, h) each."""

    supply_c: Float32
    return_c: Float32


def readings(
    seed: int,
    points: Sequence[MeteringPoint],
    meters: Sequence[Meter],
    registers: Registers,
    water: Temperatures,
    period_s: tuple[int, int],
    zone: ZoneInfo,
) -> Rows:
    """Give every reading from the beginning of the period to its end, both included, by metering point and time.

    A meter read past the hour is read once before the period and once after it, so that both ends are known.
    """
    at_midnight = midnights(*period_s, zone)
    times = [_read_at(point, period_s, at_midnight) for point in points]
    sizes = [len(one) for one in times]
    point, read_at_s = np.repeat(np.arange(len(points)), sizes), np.concatenate(times)
    meter = _meter_of(meters, point, read_at_s)
    latency_s = np.array([one.latency_s for one in points])[point]
    running = registers.at(point, read_at_s)
    has_integrals = np.array([one.has_integrals for one in points])[point]
    noise = np.concatenate([_noise(seed, one, size) for one, size in zip(points, sizes, strict=True)])
    return Rows(
        point,
        meter,
        read_at_s,
        read_at_s + latency_s,
        np.full(len(point), UNKNOWN),
        _shown(meters, meter, running, has_integrals),
        _samples(registers, water, point, read_at_s, has_integrals, noise),
        np.zeros(len(point), bool),
    )


def _read_at(point: MeteringPoint, period_s: tuple[int, int], at_midnight: Int64) -> Int64:
    if point.minute == DAILY:
        return at_midnight
    from_s, to_s = period_s
    past_s = point.minute * 60
    first_s = from_s - HOUR_S + past_s if past_s else from_s
    return np.arange(first_s, to_s + past_s + 1, HOUR_S, dtype=np.int64)


def _meter_of(meters: Sequence[Meter], point: Int64, read_at_s: Int64) -> Int64:
    owner = np.array([meter.point for meter in meters])
    begins_s = np.array([meter.installed_s for meter in meters])
    first = np.searchsorted(owner, point)
    last = np.searchsorted(owner, point, side="right") - 1
    # A metering point has one meter, or two.
    return np.where(read_at_s >= begins_s[last], last, first)


def _shown(meters: Sequence[Meter], meter: Int64, running: Int64, has_integrals: Bool) -> Int64:
    offset = np.array([one.offset for one in meters])
    modulus = np.array([one.modulus_wh for one in meters])
    resolution = np.array([one.resolution_wh for one in meters])
    own = running - offset[meter]
    own[:, WH] %= modulus[meter]
    own[:, WH] -= own[:, WH] % resolution[meter]
    own[~has_integrals, FORWARD:] = UNKNOWN
    return own


def _noise(seed: int, point: MeteringPoint, count: int) -> Float32:
    return chance(seed, Stream.SAMPLES, point.place).standard_normal(count, dtype=np.float32)


def _samples(
    registers: Registers, water: Temperatures, point: Int64, read_at_s: Int64, has_integrals: Bool, noise: Float32
) -> Float32:
    # A meter read on the hour shows what flowed just before.
    hour = (read_at_s - 1 - registers.begin_s) // HOUR_S
    rise = registers.marks[point, hour + 1, : LITRES + 1] - registers.marks[point, hour, : LITRES + 1]
    moment = np.exp(SAMPLE_NOISE * noise)
    samples = np.empty((len(point), 4), np.float32)
    samples[:, FLOW] = np.round(rise[:, LITRES] * moment)
    samples[:, POWER] = np.round(rise[:, WH] * moment)
    samples[:, SUPPLY_C] = np.where(has_integrals, np.nan, np.round(water.supply_c[point, hour], 1))
    samples[:, RETURN_C] = np.where(has_integrals, np.nan, np.round(water.return_c[point, hour], 1))
    return samples


def table(rows: Rows, points: Sequence[MeteringPoint], meters: Sequence[Meter]) -> pa.Table:
    """Give readings as a table of METER_READINGS, in the order of the rows."""
    naming = np.array([point.naming for point in points])[rows.point]
    serial = _named(rows.meter, [meter.serial for meter in meters], naming == Naming.METERING_POINT)
    number = _named(rows.point, [point.number for point in points], naming == Naming.SERIAL)
    columns = [
        serial,
        number,
        _instants(rows.read_at_s),
        _instants(rows.recorded_at_s),
        *(_known(rows.registers[:, column]) for column in range(4)),
        *(pa.array(rows.samples[:, column], pa.float32(), from_pandas=True) for column in range(4)),
        pa.array(rows.is_withdrawn),
    ]
    return pa.Table.from_arrays(columns, schema=METER_READINGS)


def _named(index: Int64, names: Sequence[str], is_left_out: Bool) -> pa.Array:
    return pa.DictionaryArray.from_arrays(pa.array(index, mask=is_left_out), pa.array(names)).cast(pa.string())


def _known(register: Int64) -> pa.Array:
    return pa.array(register, mask=register == UNKNOWN)


def _instants(at_s: Int64) -> pa.Array:
    is_unknown = at_s == UNKNOWN
    return pa.array(np.where(is_unknown, 0, at_s) * 1_000_000, mask=is_unknown).cast(pa.timestamp("us", "UTC"))
