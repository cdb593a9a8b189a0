"""A Danish house's registers and its town's weather, read and computed without anything of the services."""

import csv
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

ZONE = ZoneInfo("Europe/Stockholm")
HOUR = timedelta(hours=1)
REGISTERS = "danish-relife/processed_final_data_sample.csv"
WEATHER = "weather/temperature_hourly_2018_2019_aalborg.csv"


class House(NamedTuple):
    """Registers at full hours, whole Wh, litres and litre-degrees; the mean temperature of each hour by its start."""

    register_wh: dict[datetime, int]
    register_l: dict[datetime, int]
    forward_lc: dict[datetime, int]
    return_lc: dict[datetime, int]
    celsius: dict[datetime, float]


class Winter(NamedTuple):
    """A measuring period and what a straight line through its days says at -5 C."""

    first: date
    days: int
    measured_kw: Decimal
    days_in_line: int


def house(shared_data: Path) -> House:
    """Read the house's files."""
    with (shared_data / REGISTERS).open() as file:
        rows = list(csv.DictReader(file))
    with (shared_data / WEATHER).open() as file:
        celsius = {datetime.fromisoformat(at): float(value) for at, value in csv.reader(file)}
    times = [datetime.fromisoformat(row["time_rounded"]) for row in rows]

    def register(name: str) -> dict[datetime, int]:
        return dict(zip(times, (_thousandths(row[name]) for row in rows), strict=True))

    return House(
        register("energy_heat_kwh"),
        register("volume_flow_m3"),
        register("inlet_flow_energy_m3xC"),
        register("back_flow_energy_m3xC"),
        celsius,
    )


def _thousandths(text: str) -> int:
    """Read a number as whole thousandths by its digits, the rest cut as a meter's display cuts it."""
    return int((Decimal(text) * 1000).quantize(Decimal(1), ROUND_DOWN))


def rises(register: dict[datetime, int]) -> dict[datetime, int]:
    """Give the rise of a register over each hour at whose both ends it was read."""
    return {at: register[at + HOUR] - value for at, value in register.items() if at + HOUR in register}


def hours_of(day: date) -> list[datetime]:
    """Give the UTC hours of a local day."""
    utc = ZoneInfo("UTC")
    begin = datetime.combine(day, datetime.min.time(), ZONE).astimezone(utc)
    end = datetime.combine(day + timedelta(days=1), datetime.min.time(), ZONE).astimezone(utc)
    return [begin + n * HOUR for n in range((end - begin) // HOUR)]


def plain_winter(house: House, first_year: int) -> Winter | None:
    """Determine a winter's power by trying all periods, the longest first, and numpy's own line through its days."""
    days = list(_november_to_march(first_year))
    mean: dict[date, float] = {}
    highest: dict[date, float] = {}
    hourly = rises(house.register_wh)
    for day in days:
        hours = hours_of(day)
        if all(hour in house.celsius for hour in hours):
            mean[day] = sum(house.celsius[hour] for hour in hours) / len(hours)
        if all(hour in hourly for hour in hours):
            highest[day] = max(hourly[hour] for hour in hours) / 1000
    for length in range(len(days), 20, -1):
        for start in range(len(days) - length, -1, -1):
            run = days[start : start + length]
            cold = [day for day in run if day in mean and -10 <= mean[day] <= 0]
            if all(day in mean for day in run) and 5 * len(cold) >= length:
                in_line = [day for day in run if day in highest]
                slope, intercept = np.polyfit([mean[d] for d in in_line], [highest[d] for d in in_line], 1)
                return Winter(run[0], length, Decimal(f"{intercept - 5 * slope:.2f}"), len(in_line))
    return None


def _november_to_march(first_year: int) -> Iterator[date]:
    day = date(first_year, 11, 1)
    while day < date(first_year + 1, 4, 1):
        yield day
        day += timedelta(days=1)
