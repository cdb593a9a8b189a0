"""Which version of a price list counts: the newest firm one of the latest day that has begun, until its end."""

from datetime import date
from typing import Any

import pytest

from services.gateway.core.version_states import version_states

TODAY = date(2026, 6, 1)


def version(number: int, valid_from: str, valid_to: str = "2040-01-01", status: str = "firm") -> dict[str, Any]:
    begins, ends = date.fromisoformat(valid_from), date.fromisoformat(valid_to)
    return {"version": number, "valid_from": begins, "valid_to": ends, "status": status}


@pytest.mark.parametrize(
    ("versions", "states"),
    [
        ([version(2, "2026-01-01"), version(1, "2025-01-01")], ["in_force", "passed"]),
        ([version(2, "2027-01-01"), version(1, "2025-01-01")], ["coming", "in_force"]),
        ([version(2, "2025-01-01"), version(1, "2025-01-01")], ["in_force", "replaced"]),
        ([version(1, "2025-01-01", "2026-06-01")], ["passed"]),
        ([version(1, "2025-01-01", "2026-06-02")], ["in_force"]),
        ([version(1, "2026-06-01")], ["in_force"]),
        ([version(2, "2026-01-01", status="draft"), version(1, "2025-01-01")], ["draft", "in_force"]),
        ([version(2, "2025-01-01", status="forecast"), version(1, "2025-01-01")], ["forecast", "in_force"]),
    ],
)
def test_a_version_stands_as_its_days_say(versions: list[dict[str, Any]], states: list[str]) -> None:
    assert version_states(versions, TODAY) == states
