"""What a person types after a command: read, or answered with what to write instead."""

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import TypeVar

import typer

FIRST_YEAR, LAST_YEAR = 1990, 2060

Choice = TypeVar("Choice", bound=StrEnum)


def day(text: str) -> date:
    """Read a day. Raises BadParameter."""
    try:
        found = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise typer.BadParameter(f"write a day as in 2026-01-31, from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def moment(text: str) -> datetime:
    """Read a time, with an offset or without. Raises BadParameter."""
    form = r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?"
    try:
        found = datetime.fromisoformat(text) if re.fullmatch(form, text) else None
    except ValueError:
        found = None
    if found is None or not FIRST_YEAR <= found.year <= LAST_YEAR:
        raise typer.BadParameter(f"write a time as in 2026-01-31T12:00, from {FIRST_YEAR} to {LAST_YEAR}")
    return found


def day_or_moment(text: str) -> date | datetime:
    """Read a day, or a time. Raises BadParameter."""
    return moment(text) if len(text) > len("2026-01-31") else day(text)


def month(text: str) -> str:
    """Read a month. Raises BadParameter."""
    if not re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])", text) or not FIRST_YEAR <= int(text[:4]) <= LAST_YEAR:
        raise typer.BadParameter(f"write a month as in 2026-01, from {FIRST_YEAR} to {LAST_YEAR}")
    return text


def winter(text: str) -> str:
    """Read a winter. Raises BadParameter."""
    years = re.fullmatch(r"([0-9]{4})/([0-9]{4})", text)
    if years is None or int(years[2]) != int(years[1]) + 1 or not FIRST_YEAR <= int(years[1]) < LAST_YEAR:
        span = f"from {FIRST_YEAR}/{FIRST_YEAR + 1} to {LAST_YEAR - 1}/{LAST_YEAR}"
        raise typer.BadParameter(f"write a winter as its two years, as in 2018/2019, {span}")
    return text


def invoice_number(text: str) -> str:
    """Read an invoice's number. Raises BadParameter."""
    if not re.fullmatch(r"[0-9]{4}-[0-9]{6,12}", text):
        raise typer.BadParameter(
            "write an invoice's number as in 2026-100482; they are listed by: kulvert invoices list"
        )
    return text


def whole(least: int, most: int) -> Callable[[str | int], int]:
    """Give the reader of a whole number within two limits, both included; it raises BadParameter."""

    def read(text: str | int) -> int:
        found = int(text) if re.fullmatch(r"-?[0-9]{1,15}", str(text)) else None
        if found is None or not least <= found <= most:
            raise typer.BadParameter(f"write a whole number from {least} to {most}")
        return found

    return read


def number(least: float, most: float) -> Callable[[str | float], float]:
    """Give the reader of a number within two limits, both included; it raises BadParameter."""

    def read(text: str | float) -> float:
        found = float(text) if re.fullmatch(r"-?[0-9]{1,15}(\.[0-9]{1,15})?", str(text)) else None
        if found is None or not least <= found <= most:
            raise typer.BadParameter(f"write a number from {least:.12g} to {most:.12g}")
        return found

    return read


def one_of(kind: type[Choice]) -> Callable[[str], Choice]:
    """Give the reader of one word of a few; it raises BadParameter."""

    def read(text: str) -> Choice:
        if text not in list(kind):
            raise typer.BadParameter(f"write {' or '.join(kind)}")
        return kind(text)

    return read
