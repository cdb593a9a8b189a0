"""What follows from readings once they are stored: invoices, subscription powers, and rules for alerts."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from deploy.local.services import ALERTS, BILLING, CONTRACTS
from deploy.local.stack import Stack
from services.cli.demonstration.steps import Advance
from services.cli.requests import Client

TIMEOUT_S = 120.0
RULES = UUID("0c0f7b0e-3f0b-5d0a-8a55-5d1f0e1f7f3c")
"""The namespace of the demonstration's rules, so that a second run changes the same ones."""
WARM_RETURN_C = 55.0
COOL_AGAIN_C = 3.0
HOURS_IN_A_ROW = 3


class Billed(NamedTuple):
    """What closing months came to."""

    issued: int
    held: Counter[str]


def close(stack: Stack, months: Sequence[str], advance: Advance) -> Billed:
    """Close months in order; a month closed before issues only what has become ready since. Raises RequestError."""
    issued, held = 0, Counter[str]()
    with Client(stack, BILLING, timeout_s=TIMEOUT_S, patience_s=TIMEOUT_S) as billing:
        for month in months:
            report = billing.ask("POST", f"/v1/runs/{month}").json()
            issued += report["issued"]
            held += Counter(report["held"])
            advance(1)
    return Billed(issued, held)


def determine(stack: Stack, wanted: Iterable[tuple[str, str]], advance: Advance) -> list[dict[str, Any]]:
    """Determine subscription powers: pairs of metering point and winter. Raises RequestError."""
    found = []
    with Client(stack, CONTRACTS, timeout_s=TIMEOUT_S, patience_s=TIMEOUT_S) as contracts:
        for point, winter in wanted:
            command = {"metering_point": point, "winter": winter}
            found.append(contracts.ask("POST", "/v1/determinations", json=command).json())
            advance(1)
    return found


def watch(stack: Stack, numbers: Sequence[str], advance: Advance) -> None:
    """Watch metering points: what their own history suggests, and a return temperature that is too warm anywhere.

    Raises RequestError.
    """
    with Client(stack, CONTRACTS) as contracts, Client(stack, ALERTS, timeout_s=TIMEOUT_S) as alerts:
        points = [contracts.ask("GET", f"/v1/metering-points/{number}").json() for number in numbers]
        for number, point in zip(numbers, points, strict=True):
            if point["medium"] == "heat":
                alerts.ask("PUT", f"/v1/rules/{uuid5(RULES, number)}", json=_warm_return(point["point_id"]))
            alerts.ask("POST", "/v1/rules/suggested", json={"points": [point["point_id"]]})
            advance(1)


def _warm_return(point_id: int) -> dict[str, Any]:
    return {
        "point_id": point_id,
        "quantity": "return_temperature",
        "summer_limit": WARM_RETURN_C,
        "winter_limit": WARM_RETURN_C,
        "hysteresis": COOL_AGAIN_C,
        "minimum_values": HOURS_IN_A_ROW,
    }
