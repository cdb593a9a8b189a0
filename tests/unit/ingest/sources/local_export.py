"""Registers by the hour and the local exports that utilities' programs make of them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from services.ingest.sources.profile import Profile
from services.ingest.sources.readings_file import ReadingsFile, readings_file

STOCKHOLM = ZoneInfo("Europe/Stockholm")


class Shown(NamedTuple):
    """What a meter showed at an instant."""

    serial: str
    at: datetime
    kwh: int


def hours(serial: str, first: str, kwh: Sequence[int]) -> list[Shown]:
    """Give a register by the hour, from an instant in UTC on."""
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return [Shown(serial, start + timedelta(hours=hour), value) for hour, value in enumerate(kwh)]


def line(one: Shown) -> str:
    """Write a reading as the clock on the wall showed it."""
    return f"{one.serial};{one.at.astimezone(STOCKHOLM):%Y-%m-%d %H:%M};{one.kwh}"


def profile(**time: Any) -> Profile:
    """Give the profile of such an export."""
    return Profile.model_validate(
        {
            "kind": "readings",
            "delimiter": ";",
            "decimal": ",",
            "serial": {"column": "Mätare"},
            "time": {
                "column": "Tid",
                "format": "%Y-%m-%d %H:%M",
                "zone": "Europe/Stockholm",
                "clock_change": "by_order",
                **time,
            },
            "values": [{"column": "Energi kWh", "field": "energy_wh", "unit": "kWh"}],
        }
    )


BY_ORDER = profile()


def read_lines(lines: Iterable[str], by: Profile = BY_ORDER, header: str = "Mätare;Tid;Energi kWh") -> ReadingsFile:
    """Read lines below a header."""
    return readings_file("\r\n".join([header, *lines]).encode(), by)


def taken(file: ReadingsFile) -> list[Shown]:
    """Give what was read, as often as it stands in the file."""
    rows = file.readings.select(["serial", "read_at", "energy_wh"]).to_pylist()
    return [Shown(row["serial"], row["read_at"], row["energy_wh"] // 1_000) for row in rows]
