"""Invoice numbers, and the reference that a payer gives: it finds the invoice and catches a slip of the pen."""

import re

SERIES_BEGINS = 100_001
"""The first number of each year, so that numbers are as long in January as in December."""


def invoice_number(year: int, sequence: int) -> str:
    """Write the number of an invoice, for example 2026-100482."""
    return f"{year}-{sequence:06}"


def sequence_of(number: str) -> tuple[int, int]:
    """Give the year of an invoice's number, and its place in the year's series."""
    year, sequence = number.split("-")
    return int(year), int(sequence)


def is_invoice_number(text: str) -> bool:
    """Tell whether a text can be the number of an invoice at all."""
    return re.fullmatch(r"[0-9]{4}-[0-9]{6,12}", text) is not None


def ocr_reference(number: str) -> str:
    """Give the payment reference of an invoice number: its digits, the length digit, and a Luhn check digit.

    The length digit is the last digit of the reference's own length, which Bankgirot checks with the check digit.
    """
    digits = "".join(character for character in number if character.isdigit())
    with_length = f"{digits}{(len(digits) + 2) % 10}"
    return f"{with_length}{luhn_digit(with_length)}"


def luhn_digit(digits: str) -> int:
    """Give the digit that makes a row of digits pass the Luhn check when it is put behind them."""
    doubled = [int(digit) * (2 if index % 2 == 0 else 1) for index, digit in enumerate(reversed(digits))]
    return -sum(value - 9 if value > 9 else value for value in doubled) % 10
