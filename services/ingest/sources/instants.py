"""Texts to times: strict in form, with every part checked, since no library's parser refuses 30 February."""

import re
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Bool, Int64
from services.ingest.sources.refusals import Fault

FIRST_YEAR, LAST_YEAR = 1990, 2060
FIRST_S, END_S = 631_152_000, 2_871_763_200
"""1990-01-01 and 2061-01-01 as seconds since 1970 in UTC: no meter was read from afar before, none will be after."""

WIDEST_OFFSET_S = 15 * 3_600

NOT_A_TIME = Fault("not_a_time", "the time is not in the form that the profile's format says, or there is no such day")
NAIVE_TIME = Fault("naive_time", "the time has no offset; add one, or say the file's zone in the profile")
OUT_OF_RANGE = Fault("time_out_of_range", f"the time is not within {FIRST_YEAR} to {LAST_YEAR}")
MISSING = Fault("field_missing", "the time is empty")

_OFFSET = r"Z|[+-][0-9]{2}(?::?[0-9]{2})?"
_ISO = (
    r"(?P<Y>[0-9]{4})-(?P<m>[0-9]{2})-(?P<d>[0-9]{2})[T ](?P<H>[0-9]{2}):(?P<M>[0-9]{2})"
    rf"(?::(?P<S>[0-9]{{2}})(?:[.,](?P<f>[0-9]{{1,6}})[0-9]{{0,3}})?)?(?: ?(?P<z>{_OFFSET}))?"
)
_UNIX = r"(?P<s>[0-9]{1,12})"
_UNIX_MS = r"(?P<s>[0-9]{1,12})(?P<f>[0-9]{3})"
_EXCEL = r"(?P<D>[0-9]{1,6})(?:[.,](?P<p>[0-9]{1,15})[0-9]*)?"
OWN_FORMS = {"iso": _ISO, "unix": _UNIX, "unix_ms": _UNIX_MS, "excel": _EXCEL}
"""Formats that are a word. `excel`: days and their part, as a spreadsheet keeps a time."""
_EXCEL_ZERO_S = -2_209_161_600
"""1899-12-30, which spreadsheets count their days from."""
_DIRECTIVES = {
    "Y": r"[0-9]{4}",
    "y": r"[0-9]{2}",
    "m": r"[0-9]{1,2}",
    "d": r"[0-9]{1,2}",
    "H": r"[0-9]{1,2}",
    "M": r"[0-9]{1,2}",
    "S": r"[0-9]{1,2}",
    "I": r"[0-9]{1,2}",
    "p": r"(?i:[ap]\.?m\.?)",
    "z": _OFFSET,
}


_SECONDS = re.compile(r":\(\?P<S>[^)]*\)")


class Times(NamedTuple):
    """Times as written. seconds: since 1970, in UTC where offset_s is known, else on the clock of the file's zone.

    micros: the part of a second. is_form: whether the text has the form, and each part its range.
    """

    seconds: Int64
    micros: Int64
    offset_s: Int64
    is_form: Bool


def check_format(text: str) -> str:
    """Give a profile's time format back. Raises ValueError where it cannot be read, or leaves the day open."""
    if text in OWN_FORMS:
        return text
    _pattern(text)
    named = re.findall(r"%(.)", text)
    if len(named) != len(set(named)) or not {"m", "d"} <= set(named) or len({"Y", "y"} & set(named)) != 1:
        raise ValueError("a format needs %Y or %y, %m and %d, each once, for example %d/%m/%Y %H:%M")
    if "M" in named and not {"H", "I"} & set(named):
        raise ValueError("a format with %M needs %H, or %I and %p")
    if ("I" in named) != ("p" in named) or {"H", "I"} <= set(named):
        raise ValueError("hours from 1 to 12 are written %I, and AM or PM with them %p, as in %m/%d/%Y %I:%M %p")
    return text


def _pattern(time_format: str) -> str:
    if time_format in OWN_FORMS:
        return f"^{OWN_FORMS[time_format]}$"
    pieces = re.split(r"%(.)", time_format)
    letters, between = pieces[1::2], pieces[0::2]
    for letter in letters:
        if letter not in _DIRECTIVES:
            raise ValueError(f"a format may have {', '.join('%' + one for one in _DIRECTIVES)}, not %{letter}")
    pattern = re.escape(between[0])
    for number, letter in enumerate(letters, start=1):
        before, after = between[number - 1], between[number]
        # Nothing but two digits each tells 2024111 apart where no character stands between.
        is_joined = (number > 1 and not before) or (number < len(letters) and not after)
        form = _DIRECTIVES[letter].replace("{1,2}", "{2}") if is_joined else _DIRECTIVES[letter]
        pattern += f"(?P<{letter}>{form})" + re.escape(after)
    # Programs leave out seconds that are zero.
    return f"^{_SECONDS.sub(lambda found: f'(?:{found[0]})?', pattern)}$"


def form_of(time_format: str) -> str:
    """Give the pattern of a time within a longer text."""
    return _pattern(time_format)[1:-1]


def times(text: Any, time_format: str, *, day_ends_at_24: bool = False) -> Times:
    """Read a column of times. text: (n,) Arrow strings without space around. A text of wrong form gets zeros.

    day_ends_at_24: whether `24:00` is the end of its day; else it is no time.
    """
    parts = pc.extract_regex(text, pattern=_pattern(time_format))
    is_form = parts.is_valid().to_numpy(zero_copy_only=False)
    number = {name: _numbers(parts, name) for name in ("Y", "y", "m", "d", "H", "M", "S", "I", "s")}
    micros = _micros(parts)
    offset_s = _offsets(parts)
    if time_format in ("unix", "unix_ms"):
        return Times(number["s"], micros, np.where(is_form, 0, UNKNOWN), is_form)
    if time_format == "excel":
        return Times(_excel_s(parts), micros, offset_s, is_form)
    if _has(parts, "I"):
        is_form &= (number["I"] >= 1) & (number["I"] <= 12)
        number["H"] = number["I"] % 12 + 12 * _is_afternoon(parts)
    year = number["Y"] + np.where(_has(parts, "y"), number["y"] + np.where(number["y"] < 69, 2_000, 1_900), 0)
    month_number = (year - 1970) * 12 + number["m"] - 1
    first, following = (_days(month_number + step) for step in (0, 1))
    is_form &= (number["m"] >= 1) & (number["m"] <= 12) & (number["d"] >= 1) & (number["d"] <= following - first)
    is_end = (number["H"] == 24) & (number["M"] == 0) & (number["S"] == 0) & (micros == 0) & day_ends_at_24
    is_form &= ((number["H"] <= 23) | is_end) & (number["M"] <= 59) & (number["S"] <= 59)
    is_form &= (offset_s == UNKNOWN) | (np.abs(offset_s) <= WIDEST_OFFSET_S)
    seconds = (first + number["d"] - 1) * 86_400 + number["H"] * 3_600 + number["M"] * 60 + number["S"]
    seconds -= np.where(offset_s == UNKNOWN, 0, offset_s)
    return Times(np.where(is_form, seconds, 0), micros, offset_s, is_form)


def _is_afternoon(parts: Any) -> Bool:
    return pc.starts_with(pc.utf8_lower(_part(parts, "p")), "p").to_numpy(zero_copy_only=False)


def _has(parts: Any, name: str) -> bool:
    return bool(parts.type.get_field_index(name) >= 0)


def _part(parts: Any, name: str) -> Any:
    return pc.fill_null(pc.struct_field(parts, name), "")


def _numbers(parts: Any, name: str) -> Int64:
    if not _has(parts, name):
        return np.zeros(len(parts), np.int64)
    text = _part(parts, name)
    return pc.cast(pc.if_else(pc.equal(text, ""), "0", text), pa.int64()).to_numpy()


def _excel_s(parts: Any) -> Int64:
    """Give whole seconds: a spreadsheet's part of a day is a float, and an hour no exact one."""
    part = pc.cast(pc.utf8_rpad(_part(parts, "p"), width=15, padding="0"), pa.int64()).to_numpy()
    return _numbers(parts, "D") * 86_400 + (part * 864 + 5 * 10**12) // 10**13 + _EXCEL_ZERO_S


def _micros(parts: Any) -> Int64:
    if not _has(parts, "f"):
        return np.zeros(len(parts), np.int64)
    return pc.cast(pc.utf8_rpad(_part(parts, "f"), width=6, padding="0"), pa.int64()).to_numpy()


def _offsets(parts: Any) -> Int64:
    """Give the seconds ahead of UTC; UNKNOWN where the text has no offset."""
    if not _has(parts, "z"):
        return np.full(len(parts), UNKNOWN, np.int64)
    text = _part(parts, "z").dictionary_encode()
    seconds = [_offset_s(one) for one in text.dictionary.to_pylist()]
    return np.array(seconds or [0], np.int64)[text.indices.to_numpy()] if len(parts) else np.zeros(0, np.int64)


def _offset_s(text: str) -> int:
    if not text:
        return UNKNOWN
    if text == "Z":
        return 0
    # Databases leave out minutes that are zero.
    minutes = text[3:].removeprefix(":") or "0"
    seconds = int(text[1:3]) * 3_600 + int(minutes) * 60
    return -seconds if text[0] == "-" else seconds


def _days(month_number: Int64) -> Int64:
    return month_number.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
