"""Towns that several tests look at; each is built once."""

from collections import Counter
from datetime import date
from functools import lru_cache
from typing import Any

import pyarrow as pa

from services.cli.simulator.flaws import NO_FLAWS, Flaw
from services.cli.simulator.town import Town, town

READING = (
    "serial", "metering_point", "read_at", "recorded_at", "energy_wh", "volume_l", "forward_lc", "return_lc",
    "withdrawn", "supply_c", "return_c",
)  # fmt: skip


@lru_cache(maxsize=4)
def year(seed: int = 1) -> Town:
    """Forty buildings without flaws, from one summer to the next."""
    return town(seed, 40, date(2022, 7, 1), date(2023, 7, 1), NO_FLAWS)


@lru_cache(maxsize=4)
def spring(*rates: tuple[Flaw, float]) -> Town:
    """Thirty buildings over two months, in which the clock changes; flawed as asked for."""
    return town(7, 30, date(2023, 3, 1), date(2023, 5, 1), {**NO_FLAWS, **dict(rates)})


def delivered(one: Town) -> pa.Table:
    return pa.concat_tables(batch.readings for batch in one.batches(100_000))


def instants(readings: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Write the times as the truth does."""
    for reading in readings:
        for name in ("read_at", "recorded_at"):
            at = reading[name]
            reading[name] = at.isoformat().replace("+00:00", "Z") if at else None
    return readings


@lru_cache(maxsize=8)
def said(one: Town) -> Counter[tuple[Any, ...]]:
    """Count what was delivered, each reading under both the names that its metering point and meter have.

    The same count is given to all who ask for it: not to be changed.
    """
    serials = {one.points[meter.point].number: meter.serial for meter in one.meters}
    numbers = {meter.serial: one.points[meter.point].number for meter in one.meters}
    readings = instants(delivered(one).to_pylist())
    for reading in readings:
        reading["metering_point"] = reading["metering_point"] or numbers[reading["serial"]]
        reading["serial"] = reading["serial"] or serials[reading["metering_point"]]
    return Counter(key(reading) for reading in readings)


def key(reading: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(reading[name] for name in READING)
