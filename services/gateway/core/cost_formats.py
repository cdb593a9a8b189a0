"""Costs as a reader of each language writes them, from the texts that services answer with."""

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

from services.gateway.core import formats

Written = Callable[..., str]


def cost_formats(language: str) -> dict[str, Written]:
    """Give what pages of costs write by: kronor, months from the first, a period's last day, a price list's numbers."""

    def kr(text: str) -> str:
        return formats.money(int(Decimal(text) * 100), language)

    def month_name(first_month: str, later: int) -> str:
        year, month = map(int, first_month.split("-"))
        at = year * 12 + month - 1 + later
        return formats.month(date(at // 12, at % 12 + 1, 1), language)

    def last_day(valid_to: str) -> str:
        return (date.fromisoformat(valid_to) - timedelta(days=1)).isoformat()

    as_written = partial(formats.as_written, language=language)
    return {"kr": kr, "month_name": month_name, "last_day": last_day, "as_written": as_written}
