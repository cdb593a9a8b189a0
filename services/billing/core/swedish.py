"""Figures, days and money as a Swedish invoice writes them."""

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal

NO_BREAK = "\u00a0"
MINUS = "\u2212"


def number(value: Decimal | int, decimals: int) -> str:
    """Write a number with so many decimals, rounded half up: `1 234,500`."""
    pattern = f"#,##0.{'0' * decimals}" if decimals else "#,##0"
    exact = Decimal(value).quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP")
    return format_decimal(exact, pattern, locale="sv").replace("-", MINUS)


def price(value: Decimal) -> str:
    """Write a price with two decimals, or as many as it has."""
    return number(value, max(2, _decimals(value)))


def power(value: Decimal) -> str:
    """Write a subscription power, with decimals only where it has some."""
    return f"{number(value, _decimals(value))}{NO_BREAK}kW"


def kronor(ore: int) -> str:
    """Write an amount of öre in kronor: `1 234,50`."""
    return number(Decimal(ore) / 100, 2)


def days(first: date, end: date) -> str:
    """Write the days from `first` up to, not including, `end`: `1–31 januari 2026`, `1 januari 2026`."""
    last = end - timedelta(days=1)
    if first == last:
        return format_date(first, "d MMMM y", locale="sv")
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{format_date(last, 'd MMMM y', locale='sv')}"
    return f"{format_date(first, 'd MMMM y', locale='sv')}–{format_date(last, 'd MMMM y', locale='sv')}"


def days_of_month(days: Sequence[date]) -> str:
    """Write days of one month: `den 5, 6 och 20 januari 2026`; nothing where there are none."""
    if not days:
        return ""
    *others, last = days
    before = f"{', '.join(str(day.day) for day in others)} och " if others else ""
    return f"den {before}{format_date(last, 'd MMMM y', locale='sv')}"


def month(first: date) -> str:
    """Write a month: `januari 2026`."""
    return format_date(first, "MMMM y", locale="sv")


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0
