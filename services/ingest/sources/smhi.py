"""Hourly air temperatures as SMHI gives them away: parameter 1 of its meteorological observations, JSON and CSV.

Both carry momentary values, dated by the end of the period that they stand for, in UTC: a value dated 07:00 is taken
for the mean of the hour from 06:00. Approved values (G) and roughly checked or newest ones (Y) are taken, each as what
it is; an hour that is given twice is the approved one. JSON says when it was made, CSV does not.
"""

import csv
import json
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from services.heat.arrays import run_starts
from services.ingest.core.form import FIRST_READ_AT_S, LAST_READ_AT_S
from services.ingest.core.places import Place
from services.ingest.sources.refusals import Fault, Refusals, UnreadableFileError
from services.ingest.sources.temperatures_file import (
    HIGHEST_C,
    HOUR_TWICE,
    IMPLAUSIBLE,
    LOWEST_C,
    NOT_KEPT,
    NOT_ON_THE_HOUR,
    TEMPERATURE_MISSING,
    TemperaturesFile,
)

HOUR_S = 3600
NAME = "smhi"
HEADER = "Datum;Tid (UTC);Lufttemperatur;Kvalitet"
MOMENTARY_HOURLY = "1"
"""The parameter's number: "Lufttemperatur, momentanvärde, 1 gång/tim"."""
APPROVED = "G"
TAKEN = (APPROVED, "Y")
MOST_PREAMBLE_LINES = 100
MOST_NORTH, MOST_EAST = 90.0, 180.0

QUALITY_UNKNOWN = Fault("quality_unknown", "the quality is neither G nor Y; SMHI has others for values to leave out")
TIME_MALFORMED = Fault("time_malformed", "the time is not written as SMHI does, as in 2024-01-31;06:00:00")
TEMPERATURE_MALFORMED = Fault("number_malformed", "the temperature is not a number with a decimal point")
_FAULTS = (
    TIME_MALFORMED, NOT_ON_THE_HOUR, NOT_KEPT, TEMPERATURE_MISSING, TEMPERATURE_MALFORMED, IMPLAUSIBLE, QUALITY_UNKNOWN,
)  # fmt: skip


class Smhi(NamedTuple):
    """What a file of SMHI says: its hours, whose they are, where that station stands now, and when it was made."""

    found: TemperaturesFile
    station_name: str | None
    place: Place | None
    made_at: datetime | None = None


class _Value(NamedTuple):
    line: int
    at_s: int | None
    celsius: str
    quality: str


def is_smhi(data: bytes) -> bool:
    """Tell whether a file looks like SMHI's hourly air temperatures."""
    begin = data[:20_000].removeprefix(b"\xef\xbb\xbf").lstrip()
    if begin.startswith(b"{"):
        return b'"value"' in data and b'"parameter"' in data and b'"station"' in data
    return HEADER.encode() in begin


def smhi_file(data: bytes) -> Smhi:
    """Read a file of SMHI. Raises UnreadableFileError, which says what to do."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnreadableFileError("the file is not UTF-8, as SMHI writes it; save it as it came") from error
    return _json(text) if text.lstrip().startswith("{") else _csv(text)


def _json(text: str) -> Smhi:
    try:
        document = json.loads(text)
        key, station = str(document["parameter"]["key"]), document["station"]
        values = [
            _Value(number, _milliseconds(one["date"]), str(one["value"]), str(one["quality"]))
            for number, one in enumerate(document["value"] or (), start=1)
        ]
        positions = sorted(document.get("position") or (), key=lambda position: position["to"])
        place = _place(positions[-1]["latitude"], positions[-1]["longitude"]) if positions else None
        name = str(station["name"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise UnreadableFileError(
            "the file is no answer of SMHI's with the values of one station; fetch data.json of a station and a period"
        ) from error
    if key != MOMENTARY_HOURLY:
        raise UnreadableFileError(f"the file is of SMHI's parameter {key[:20]}; fetch parameter 1, hourly temperatures")
    return Smhi(_hours(values), name, place, _moment(document.get("updated")))


def _csv(text: str) -> Smhi:
    try:
        rows = list(csv.reader(text.splitlines(), delimiter=";"))
    except csv.Error as error:
        raise UnreadableFileError("a line of the file is far too long; save the file as it came from SMHI") from error
    heads = [at for at, row in enumerate(rows[:MOST_PREAMBLE_LINES]) if row[:4] == HEADER.split(";")]
    if not heads:
        raise UnreadableFileError(f"the file lacks SMHI's line '{HEADER}'; fetch parameter 1, hourly temperatures")
    values = [
        _Value(line, _instant(row[0], row[1]), row[2], row[3]) if len(row) >= 4 else _Value(line, None, "", "")
        for line, row in enumerate(rows[heads[0] + 1 :], start=heads[0] + 2)
        if any(row)
    ]
    preamble = rows[: heads[0]]
    return Smhi(_hours(values), _below(preamble, "Stationsnamn"), _last_place(preamble))


def _below(preamble: list[list[str]], name: str) -> str | None:
    """Give what stands below a column's name, in the first line."""
    for heading, row in pairwise(preamble):
        if name in heading and len(row) > heading.index(name):
            return row[heading.index(name)] or None
    return None


def _last_place(preamble: list[list[str]]) -> Place | None:
    """Give where the station stands in the last of the periods that the preamble lists."""
    latitude, longitude = "Latitud (decimalgrader)", "Longitud (decimalgrader)"
    heads = [at for at, row in enumerate(preamble) if latitude in row and longitude in row]
    if not heads:
        return None
    heading = preamble[heads[0]]
    rows = [row for row in preamble[heads[0] + 1 :] if len(row) >= len(heading)]
    try:
        return _place(rows[-1][heading.index(latitude)], rows[-1][heading.index(longitude)])
    except (IndexError, ValueError):
        return None


def _place(latitude: Any, longitude: Any) -> Place | None:
    """Give a place on Earth. Raises ValueError and TypeError where it is given in no numbers."""
    north, east = float(latitude), float(longitude)
    return Place(north, east) if abs(north) <= MOST_NORTH and abs(east) <= MOST_EAST else None


def _milliseconds(given: Any) -> int | None:
    if not isinstance(given, int) or isinstance(given, bool) or given % 1_000:
        return None
    return given // 1_000


def _moment(given: Any) -> datetime | None:
    """Give the time that a file says, in milliseconds; None where it says none that can be."""
    at_s = given // 1_000 if isinstance(given, int) else None
    if at_s is None or not FIRST_READ_AT_S <= at_s <= LAST_READ_AT_S:
        return None
    return datetime.fromtimestamp(at_s, UTC)


def _instant(day: str, clock: str) -> int | None:
    try:
        return int(datetime.strptime(f"{day} {clock}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp())
    except ValueError:
        return None


def _hours(values: list[_Value]) -> TemperaturesFile:
    refusals = Refusals()
    celsius = [_number(one.celsius) for one in values]
    line = np.array([one.line for one in values], np.int64)
    faults = np.array([_fault(one, number) for one, number in zip(values, celsius, strict=True)], np.int64)
    good = refusals.add_each(line, faults, "", _FAULTS)
    starts_s = np.array(
        [(one.at_s or 0) - HOUR_S for one, is_good in zip(values, good, strict=True) if is_good], np.int64
    )
    kept = np.array([np.nan if number is None else number for number in celsius], np.float64)[good]
    approved = np.array([one.quality == APPROVED for one in values], bool)[good]
    line = line[good]
    order = np.lexsort((~approved, starts_s))
    starts = run_starts(starts_s[order])
    first = np.repeat(kept[order[starts]], np.diff(np.append(starts, len(order))))
    agrees = np.ones(len(order), bool)
    agrees[order] = kept[order] == first
    refusals.add(line[~agrees], "", HOUR_TWICE)
    return TemperaturesFile(starts_s[agrees], kept[agrees], line[agrees], approved[agrees], refusals)


def _number(text: str) -> float | None:
    # float() takes underscores, other scripts' digits and infinity, too.
    is_plain = text.isascii() and "_" not in text and not text.strip().lstrip("+-")[:1].isalpha()
    try:
        return float(text) if is_plain else None
    except ValueError:
        return None


def _fault(value: _Value, celsius: float | None) -> int:
    """Number what is wrong with a value, by its place in _FAULTS from 1; 0 where nothing is."""
    checks = (
        value.at_s is None,
        value.at_s is not None and value.at_s % HOUR_S != 0,
        value.at_s is not None and not FIRST_READ_AT_S <= value.at_s - HOUR_S <= LAST_READ_AT_S,
        not value.celsius.strip(),
        celsius is None,
        celsius is not None and not LOWEST_C <= celsius <= HIGHEST_C,
        value.quality not in TAKEN,
    )
    return next((number for number, is_wrong in enumerate(checks, start=1) if is_wrong), 0)
