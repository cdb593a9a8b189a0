"""What is wrong with a value, in plain words: what to write instead, and never what was written."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from schemas.values import KEY_PATTERN, KEY_WORDS

_NUMBER = "write a number, as in 12.5"
_WHOLE_NUMBER = "write a whole number, as in 12"
_DAY = "write a day as in 2026-01-31"
_MOMENT = "write the time as in 2026-01-05T07:00:00+01:00"
_ID = "write an id (UUID) as in 3f2504e0-4f89-41d3-9a0c-0305e82c3301"
_TRUE_OR_FALSE = "write true or false, without quotation marks"
_OBJECT = "write an object with named fields, in braces"
_LIST = "write a list, in square brackets"

_WORDS = {
    "missing": "it must be given",
    "extra_forbidden": "there is no such field; leave it out, or mend its name",
    "value_error": "{error}",
    "enum": "write {expected}",
    "literal_error": "write {expected}",
    "union_tag_not_found": "give its kind in the field {discriminator}",
    "union_tag_invalid": "the field {discriminator} must be one of {expected_tags}",
    "string_type": "write a text, in quotation marks",
    "string_unicode": "write a text of characters that Unicode has",
    "string_too_short": "write at least {min_length} characters",
    "string_too_long": "write at most {max_length} characters",
    "too_short": "give at least {min_length}",
    "too_long": "give at most {max_length}",
    "greater_than": "it must be more than {gt}",
    "greater_than_equal": "it must be {ge} or more",
    "less_than": "it must be less than {lt}",
    "less_than_equal": "it must be {le} or less",
    "finite_number": _NUMBER,
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_parsing_size": "write a number of fewer digits",
    "int_from_float": _WHOLE_NUMBER,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "decimal_max_places": "write at most {decimal_places} decimals",
    "decimal_max_digits": "write at most {max_digits} digits",
    "decimal_whole_digits": "write at most {whole_digits} digits before the decimal point",
    "bool_type": _TRUE_OR_FALSE,
    "bool_parsing": _TRUE_OR_FALSE,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": f"{_DAY}, without a time",
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": f"{_MOMENT}, with its offset from UTC",
    "uuid_type": _ID,
    "uuid_parsing": _ID,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "dict_type": _OBJECT,
    "mapping_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
}
"""What is said of each type of fault; the names in braces are of the limits that pydantic tells beside it."""

_NO_CONTROL_CHARACTERS = "leave out line breaks, tabs and other control characters"
_EMAIL = "write one e-mail address, as in eva.ek@example.com"

PATTERN_WORDS = {
    KEY_PATTERN: KEY_WORDS,
    r"^[^\x00-\x1f\x7f]+$": _NO_CONTROL_CHARACTERS,
    r"^[^\x00-\x1f\x7f]*$": _NO_CONTROL_CHARACTERS,
    r"^[^@\s]+@[^@\s]+$": _EMAIL,
    r"^[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+$": _EMAIL,
    r"^[^\x00-\x08\x0b-\x1f\x7f]+$": "leave out control characters other than tabs and line breaks",
    "^[0-9a-f]{64}$": "write 64 hexadecimal digits, in small letters",
    r"^\d{4}-(0[1-9]|1[0-2])$": "write a month as in 2026-01",
    r"^[0-9]{4}-(0[1-9]|1[0-2])$": "write a month as in 2026-01",
    r"^[0-9]{4}-[0-9]{6,12}$": "write an invoice's number as in 2026-100482",
    r"^[0-9]{6}-?[0-9]{4}$": "write an organisation number as in 556677-8899",
    r"^[A-Z]{3}$": "write a currency as in SEK",
    r"^P([0-9]+[YMWD])*([0-9]+[YMWD]|T([0-9]+[HMS])+)$": "write a duration as in P1M (a month), P1Y, P1D or PT1H",
    r"^[A-Za-z_+-]+(/[A-Za-z0-9_+-]+){0,2}$": "write a time zone as in Europe/Stockholm",
}
"""What is said of a text that does not fit a pattern: a pattern itself tells a person nothing."""


def reason(fault: Any) -> str:
    """Say of one of pydantic's faults what to write instead; in pydantic's words where it is of a rare type."""
    kind, limits = fault["type"], fault.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERN_WORDS.get(limits["pattern"], str(fault["msg"]))
    if kind in ("string_too_short", "too_short") and limits["min_length"] == 1:
        return "it must not be empty"
    # pydantic tells a limit that is a date as a text, every other one as a number.
    if kind == "greater_than_equal" and isinstance(limits["ge"], str):
        return f"it must be {limits['ge']} or later"
    if kind == "less_than_equal" and isinstance(limits["le"], str):
        return f"it must be {limits['le']} or earlier"
    if kind not in _WORDS:
        return str(fault["msg"])
    return _WORDS[kind].format_map({name: _shown(limit) for name, limit in limits.items()})


def without_consequences(faults: Sequence[Any]) -> list[Any]:
    """Leave out that a list is too short where pydantic says so only since it left out what is wrong within it."""
    deeper = {fault["loc"][:depth] for fault in faults for depth in range(len(fault["loc"]))}
    return [fault for fault in faults if fault["type"] != "too_short" or fault["loc"] not in deeper]


def _shown(limit: Any) -> str:
    """Write a limit as a person does: 1000000, not 1000000.0 or 1E+6."""
    if isinstance(limit, int | float | Decimal):
        return f"{Decimal(str(limit)).normalize():f}"
    return str(limit)
