"""Yearly power runs as staff ask for them: begun and waited for, looked at, approved."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx

from tests.integration.looking import wait_for
from tests.integration.power_street import Street

_days_of_runs = count(15)


def a_day() -> str:
    """A day of the spring after the winter, another one each time, so that each test has a run of its own."""
    return (date(2019, 4, 1) + timedelta(days=next(_days_of_runs))).isoformat()


def finished(api: httpx.Client, day: str | None = None) -> dict[str, Any]:
    """Ask for a run, of a day of its own where none is said, and wait until it has measured all."""
    begun = api.post("/v1/power-runs", json={"day": day or a_day()})
    assert begun.status_code in (200, 201), begun.text
    path = f"/v1/power-runs/{begun.json()['run_id']}"
    wait_for(lambda: api.get(path).json()["finished_at"] is not None)
    return dict(api.get(path).json())


def proposals(api: httpx.Client, run: dict[str, Any], street: Street) -> dict[str, dict[str, Any]]:
    """Give what a run proposes for a street's metering points."""
    listed = api.get(f"/v1/power-runs/{run['run_id']}/proposals", params={"limit": 10_000}).json()["proposals"]
    return {one["metering_point"]: one for one in listed if one["metering_point"].startswith(street.name)}


def approve(api: httpx.Client, run: dict[str, Any], *numbers: str) -> httpx.Response:
    """Approve what a run proposes for these metering points."""
    return api.post(
        f"/v1/power-runs/{run['run_id']}/approve", json={"approved_by": "Åsa Berg", "metering_points": list(numbers)}
    )
