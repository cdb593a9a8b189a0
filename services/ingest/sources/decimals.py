"""Texts to numbers, exactly: a register's digits never pass through a float."""

import math
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Bool, Float64, Int64
from services.ingest.sources.refusals import Fault

NOT_A_NUMBER = Fault(
    "not_a_number",
    "this is no number as the profile writes them; look at decimal and thousands there, and put a sign for 'no value',"
    " such as - or #N/A, into sentinels; powers of ten, as 1.2E+4, must be written out",
)
TOO_MANY_DIGITS = Fault("too_many_digits", "the number has more digits than any register; is the unit right?")
FAULTS = (NOT_A_NUMBER, TOO_MANY_DIGITS)
_NOT_A_NUMBER, _TOO_MANY_DIGITS = 1, 2

_INT64_DIGITS = 18
_FRACTION_DIGITS = 20
# 256 bits hold every digit that gets this far, times the largest factor.
_EXACT = pa.decimal256(_INT64_DIGITS + _FRACTION_DIGITS, _FRACTION_DIGITS)
_FACTOR = pa.decimal256(10, 0)


_KEPT_BY_FLOAT = Context(prec=15, rounding=ROUND_HALF_UP)
_LONGEST_EXACT = 16
"""Fifteen digits and the decimal character."""

_DECIMALS = (".", ",")

_ALSO_WRITTEN = {" ": " \u00a0\u2007\u2009\u202f", "'": "'\u2019"}
"""Programs that group by a space mostly write one that does not break, or is thin; Swiss ones a curved apostrophe."""


class Style(NamedTuple):
    """How a file writes numbers: the decimal character, and the one between thousands, "" for none."""

    decimal: str
    thousands: str


def whole(text: Any, style: Style, factor: Fraction) -> tuple[Int64, Int64]:
    """Read numbers, times a factor, as whole ones, cut as a meter cuts its own register.

    text: (n,) Arrow strings without space around. Returns values (n,), UNKNOWN where the text is empty or at
    fault, and faults (n,) as 1 + their place in FAULTS (0: none). Only ASCII digits count, and no exponents.
    """
    most_digits = _INT64_DIGITS + 1 - len(str(math.ceil(factor)))
    digits, fault = _digits(text, style, most_digits)
    scaled = pc.multiply(pc.cast(digits, _EXACT), pa.scalar(Decimal(factor.numerator), _FACTOR))
    if factor.denominator != 1:
        scaled = pc.divide(scaled, pa.scalar(Decimal(factor.denominator), _FACTOR))
    values = pc.cast(pc.floor(scaled), pa.int64())
    return pc.fill_null(values, UNKNOWN).to_numpy(), fault


def real(text: Any, style: Style, factor: Fraction) -> tuple[Float64, Int64]:
    """Read samples, times a factor; NaN where the text is empty or at fault. Faults as in `whole`."""
    digits, fault = _digits(text, style, _INT64_DIGITS)
    values = pc.fill_null(pc.cast(digits, pa.float64()), np.nan).to_numpy()
    return values * float(factor), fault


def without(text: Any, signs: Sequence[str]) -> tuple[Any, Bool]:
    """Empty the texts that are signs for "no value", and tell which they were: words and strokes are no numbers."""
    is_sign = pc.is_in(text, pa.array(signs, text.type))
    return pc.if_else(is_sign, "", text), is_sign.to_numpy(zero_copy_only=False)


def without_noise(text: Any, style: Style) -> Any:
    """Round numbers that a program printed from a float to the fifteen digits that one keeps: 1004.9999999999999."""
    is_float = _matches(text, rf"^[+-]?[0-9]+[{style.decimal}][0-9]+$")
    is_float &= pc.greater(pc.utf8_length(text), _LONGEST_EXACT).to_numpy(zero_copy_only=False)
    if not is_float.any():
        return text
    printed = text.filter(pa.array(is_float)).to_pylist()
    kept = [_KEPT_BY_FLOAT.create_decimal(one.replace(style.decimal, ".")) for one in printed]
    as_written = [f"{number:f}".replace(".", style.decimal) for number in kept]
    return pc.replace_with_mask(text, pa.array(is_float), pa.array(as_written, text.type))


def wholes(texts: Iterable[str], style: Style, factor: Fraction) -> Int64:
    """Read a profile's own few numbers as `whole` reads a file's."""
    return whole(pa.array(list(texts), pa.string()), style, factor)[0]


def reals(texts: Iterable[str], style: Style, factor: Fraction) -> Float64:
    """Read a profile's own few numbers as `real` reads a file's."""
    return real(pa.array(list(texts), pa.string()), style, factor)[0]


def hours(text: Any, style: Style) -> Int64:
    """Read whole hours as a counter shows them; UNKNOWN where the text is no number."""
    return whole(text, style, Fraction(1))[0]


class Grouping(NamedTuple):
    """How many numbers have one sign between thousands, which may have been meant as a decimal character.

    surely: how many cannot have been meant otherwise, since they have two, or a fraction behind.
    """

    alone: int
    surely: int


def grouping(text: Any, style: Style) -> Grouping:
    """Count numbers by whether their sign between thousands could be a decimal character, where it is one elsewhere."""
    if style.thousands not in _DECIMALS:
        return Grouping(0, 0)
    sign = _separator(style.thousands)
    alone = _matches(text, rf"^[+-]?[1-9][0-9]{{0,2}}{sign}[0-9]{{3}}$")
    surely = _matches(text, rf"^[+-]?[1-9][0-9]{{0,2}}({sign}[0-9]{{3}}){{2,}}|{sign}[0-9]{{3}}[{style.decimal}]")
    return Grouping(int(alone.sum()), int(surely.sum()))


def _digits(text: Any, style: Style, most_digits: int) -> tuple[Any, Int64]:
    """Give each number as -?digits(.digits)?, null where empty or at fault, and the faults."""
    # Swedish exports write the true minus sign.
    signed = pc.replace_substring(text, "\u2212", "-")
    is_number = _matches(signed, _pattern(style))
    plain = signed
    if style.thousands:
        plain = pc.replace_substring_regex(plain, _separator(style.thousands), "")
    plain = pc.replace_substring(plain, style.decimal, ".") if style.decimal != "." else plain
    plain = pc.replace_substring_regex(plain, r"^\+", "")
    fits = _matches(plain, rf"^-?[0-9]{{1,{most_digits}}}(\.[0-9]{{1,{_FRACTION_DIGITS}}})?$")
    is_empty = _matches(text, "^$")
    fault = np.select([is_empty, ~is_number, ~fits], [0, _NOT_A_NUMBER, _TOO_MANY_DIGITS], 0).astype(np.int64)
    is_good = pa.array(~is_empty & (fault == 0))
    return pc.if_else(is_good, plain, pa.scalar(None, plain.type)), fault


def _matches(text: Any, pattern: str) -> Any:
    return pc.match_substring_regex(text, pattern).to_numpy(zero_copy_only=False)


def _pattern(style: Style) -> str:
    # No program groups a number that begins with a zero: 0.678 is a fraction, and the profile wrong.
    grouped = rf"[1-9][0-9]{{0,2}}({_separator(style.thousands)}[0-9]{{3}})+|" if style.thousands else ""
    decimal = "[,]" if style.decimal == "," else "[.]"
    return rf"^[+-]?({grouped}[0-9]+)({decimal}[0-9]+)?$"


def _separator(thousands: str) -> str:
    return f"[{_ALSO_WRITTEN.get(thousands, thousands)}]"
