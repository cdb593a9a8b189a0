"""Whose month has a power of its own, so that no power in force is shown for it."""

from datetime import date, timedelta
from typing import Any

from services.gateway.core.subscription import coming, in_force, lasting, months_method

TODAY = date(2026, 11, 25)
TOMORROW = TODAY + timedelta(days=1)


def on_list(method: str | None, first: date = date(2020, 1, 1), end: date | None = None) -> dict[str, Any]:
    return {"valid_from": first, "valid_to": end, "power_method": method}


def test_a_month_has_a_power_of_its_own_where_its_price_list_says_so() -> None:
    assert months_method([on_list("month_highest_3_days")], TODAY) == "month_highest_3_days"
    for method in ("highest_3_days", "minus_five", None):
        assert months_method([on_list(method)], TODAY) is None


def test_the_contract_that_counts_decides_alone() -> None:
    to_come = on_list("month_highest_3_days", first=TOMORROW)
    over = on_list("month_highest_3_days", end=TODAY)
    assert months_method([to_come, on_list("goteborg", end=TOMORROW), over], TODAY) is None
    assert months_method([], TODAY) is None


def entered(day: date, kw: int) -> dict[str, Any]:
    return {"valid_from": day, "kw": kw, "unit": "kW"}


def test_a_power_ends_where_months_begin_to_have_their_own_and_none_of_a_month_lasts() -> None:
    began, over = date(2024, 1, 1), date(2026, 1, 1)
    contracts = [on_list("minus_five", first=over), on_list("month_highest_3_days", first=began, end=over)]
    before, of_february = entered(date(2020, 1, 1), 60), entered(date(2024, 2, 1), 7)
    known = lasting([of_february, before], contracts)
    assert in_force(known, date(2023, 12, 31)) == before
    for day in (began, date(2024, 2, 1), over, TODAY):
        assert (in_force(known, day), coming(known, day)) == (None, None)
    again = entered(over, 62)
    known = lasting([again, of_february, before], contracts)
    assert (in_force(known, TODAY), coming(known, date(2025, 1, 1))) == (again, again)
