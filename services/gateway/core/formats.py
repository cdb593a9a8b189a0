"""Figures, days and money as a reader of each language writes them."""

from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache

from babel.dates import format_date
from babel.numbers import get_decimal_symbol, get_group_symbol

MISSING = "–"


def number(value: Decimal | float | None, decimals: int, language: str) -> str:
    """Write a number, rounded half up: `1 234,5` in Swedish, with a true minus; a dash where there is none."""
    if value is None:
        return MISSING
    exact = Decimal(str(value)).quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_UP")
    # Added to nothing, a zero that was rounded from below loses its minus.
    return f"{exact + 0:,f}".translate(_signs(language))


def as_written(text: str, decimals: int, language: str) -> str:
    """Write a number with all the decimals that it has, and with so many at least: a price list says what it says."""
    exponent = int(Decimal(text).normalize().as_tuple().exponent)
    return number(Decimal(text), max(decimals, -exponent), language)


@lru_cache
def _signs(language: str) -> dict[int, str]:
    """Give a language's own signs for Python's, as Babel knows them; its own writing takes half of a page's time.

    The minus is the true one: a hyphen breaks lines and is narrower than a plus.
    """
    return str.maketrans({",": get_group_symbol(language), ".": get_decimal_symbol(language), "-": "\u2212"})


def money(ore: int | None, language: str) -> str:
    """Write an amount of öre in kronor: `1 234,50 kr`, `SEK 1,234.50`."""
    if ore is None:
        return MISSING
    amount = number(Decimal(ore) / 100, 2, language)
    return f"SEK\u00a0{amount}" if language == "en" else f"{amount}\u00a0kr"


def percent_signed(value: Decimal, language: str) -> str:
    """Write a change in percent with its sign: `+5,7 %`."""
    sign = "+" if value > 0 else ""
    return f"{sign}{number(value, 1, language)}\u00a0%"


def day_label(day: date, language: str) -> str:
    """Write a day with its weekday: `tis 3 feb. 2026`."""
    return format_date(day, "EEE d MMM y", locale=language)


def hour_label(local: datetime, language: str) -> str:
    """Write a local hour: `tis 3 feb. 2026 07:00–08:00`; the hour that comes twice says which it is."""
    text = f"{day_label(local.date(), language)} {local.hour:02}:00–{(local.hour + 1) % 24:02}:00"
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return text
    is_summer = bool(local.dst())
    words = {"sv": ("normaltid", "sommartid"), "en": ("standard time", "summer time")}[language]
    return f"{text} {words[is_summer]}"


def month_tick(day: date, language: str) -> str:
    """Write a month at the axis: `feb.`, with the year in January."""
    return format_date(day, "MMM y" if day.month == 1 else "MMM", locale=language)


def day_tick(day: date, language: str) -> str:
    """Write a day at the axis: `3 feb.`."""
    return format_date(day, "d MMM", locale=language)


def month(first: date, language: str) -> str:
    """Write a month whole: `februari 2026`."""
    return format_date(first, "LLLL y", locale=language)


def moment(local: datetime) -> str:
    """Write a local time as tables do."""
    return local.strftime("%Y-%m-%d %H:%M")
