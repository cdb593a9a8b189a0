"""What gateways send through the door, and what staff note of the meters that it is of."""

import base64
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx

from tests.integration.ingest.http.door import Door
from tests.telegrams import RECEIVED_AT, address, records, wired

TELEGRAMS, UPLINKS = "/v1/telegrams", "/v1/uplinks"
LONG_AGO_S = 0
AT = RECEIVED_AT
SHOWN = datetime(2026, 1, 5, 7, 0, tzinfo=UTC)


def item(data: bytes, received_at: datetime = AT, **more: Any) -> dict[str, Any]:
    return {"received_at": received_at.isoformat(), "link": "wired", "frame": data.hex()} | more


def new_digits() -> str:
    """Give an identification number that no meter has yet."""
    return str(uuid4().int % 90_000_000 + 10_000_000)


def new_eui() -> str:
    return uuid4().hex[:16]


def installed(door: Door, serial: str) -> int:
    """Put a meter at a metering point of its own; gives that one."""
    (point_id,) = door.points.add()
    door.points.install(serial, point_id, LONG_AGO_S)
    return point_id


def noted(door: Door, serial: str, **document: Any) -> httpx.Response:
    answer = door.staff.put(f"/v1/meters/{serial}/telegrams", json=document)
    assert answer.status_code in (200, 201), answer.text
    return answer


def put_device(door: Door, eui: str, serial: str) -> None:
    answer = door.staff.put(f"/v1/devices/{eui}", json={"meter": serial})
    assert answer.status_code in (200, 201), answer.text


def codes(answer: httpx.Response) -> list[str]:
    return [one["code"] for one in answer.json()["refused"]]


def with_clock(digits: str, energy: str = "0C0627048502", shown: datetime = SHOWN) -> bytes:
    """A Kamstrup meter with 2,850,427 kWh, its integrals, 0.05 m3 steps, and a clock of type F."""
    year = shown.year - 2000
    date = bytes([shown.minute, shown.hour, (year & 7) << 5 | shown.day, (year >> 3) << 4 | shown.month])
    payload = records(energy, "04142CDB0000", "04FF07E7E40000", "046D") + date
    return wired(payload, address(digits, "KAM", 0x2C))


def until_accepted(door: Door, point_id: int, wanted: list[tuple[Any, ...]]) -> None:
    door.until(
        "SELECT read_at, energy_wh FROM ingest.reading WHERE point_id = %s AND verdict = 1 ORDER BY read_at",
        wanted,
        point_id,
    )


def standard(digits: str, energy: str = "04065A260000") -> str:
    """CMi4140, Standard: 9,818 kWh, 6,607.2 m3, no flag."""
    payload = records("15", energy, "0414F0140A00", "0C78", digits_record(digits), "04FD1700000000")
    return base64.b64encode(payload).decode()


def digits_record(digits: str) -> str:
    return bytes.fromhex(digits)[::-1].hex()
