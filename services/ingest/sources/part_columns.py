"""A part of a file's lines to numbers, so that of the texts of a large file only a part is in memory."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from services.heat.arrays import UNKNOWN, Int64
from services.ingest.sources import decimals, marks, time_columns, value_columns
from services.ingest.sources.profile import Profile
from services.ingest.sources.profile_parts import Column, TimeColumn, ValueColumn
from services.ingest.sources.quantities import as_bits, places_of_quantities
from services.ingest.sources.refusals import Fault, UnreadableFileError
from services.ingest.sources.rows import Rows, Values

NOT_TRUE_OR_FALSE = Fault("wrong_type", "write true or false, 1 or 0, or leave it empty")

OF_WITHDRAWN = (NOT_TRUE_OR_FALSE,)
NAMES = ("serial", "metering_point")
NOT_GIVEN = 0
"""The number of a name that is empty."""
_NAMELESS, _ANOTHER, _SPOILT = 1, 2, 3
_AS_SPREADSHEETS_SPOIL = r"^(?i:[0-9]([.,][0-9]+)?E\+[0-9]+|#+|#[^ 1-9]+[!?]|#(N/A|N/D|NV|I/T)|Err:[0-9]+)$"
"""Names as no meter has: 6.6E+07, ######, #N/A and #VALUE! in the languages of spreadsheets."""


class PartColumns:
    """Reads the columns of each part of a file; faults are kept beside values, for when the whole file is known.

    Where each line has one figure, that is `figure`, and `quantity` the place of its value in the profile.

    by_file: names that count for every line. by_line: the columns of names. A name becomes its place in `texts`.
    """

    def __init__(self, profile: Profile, by_file: Mapping[str, str], by_line: Mapping[str, Column]) -> None:
        self._profile = profile
        self._by_file = by_file
        self._by_line = by_line
        self._number_of = {"": NOT_GIVEN}
        self._number_of_zone = {"": NOT_GIVEN}
        self.emptied: dict[str, int] = {}
        self._grouping: dict[str, decimals.Grouping] = {}

    @property
    def texts(self) -> list[str]:
        """Every name that was met, by its number."""
        return list(self._number_of)

    @property
    def zone_texts(self) -> list[str]:
        """Every zone that a line names, as it is written, by its number."""
        return list(self._number_of_zone)

    @property
    def doubts(self) -> list[str]:
        """Say of which columns every number with a sign between thousands could have been meant as a fraction."""
        example = f"12{self._profile.thousands}678"
        return [
            f"{found.alone:,} numbers of {field}, written as {example}, were taken for thousands, as the profile says,"
            " and nothing in the file shows that they are no fractions; look at decimal and thousands there"
            for field, found in self._grouping.items()
            if found.alone and not found.surely
        ]

    def read(self, rows: Rows) -> dict[str, Values]:
        """Give a part's columns by the names of METER_READINGS, and their faults as `faults.` and that name."""
        columns = self._names(rows)
        for name, column in (("read_at", self._profile.time), ("recorded_at", self._profile.recorded_at)):
            if column is not None and rows.has(column.column):
                _check_whole(rows, column)
                text = rows.time_text(column)
                if column.marks is not None:
                    text, columns["marked"] = self._marked(rows, text, column, column.marks)
                read = time_columns.written(text, column)
                columns |= {f"{name}.{part}": values for part, values in read._asdict().items()}
                if column.zone_column is not None:
                    columns[f"{name}.zone"] = _numbers(rows.text(column.zone_column), self._number_of_zone)
        columns |= self._counter(rows, self._profile.time)
        if self._profile.counts_hours:
            columns["hours_on"] = pc.cast(rows.text("{count}"), pa.int64()).to_numpy()
        columns |= self._values(rows) if self._profile.quantity is None else self._one_figure(rows)
        return columns | self._withdrawn(rows)

    def _names(self, rows: Rows) -> dict[str, Values]:
        by_line = {name: one for name, one in self._by_line.items() if rows.has(one.column)}
        if not by_line and not self._by_file:
            raise UnreadableFileError("the file does not say whose readings these are; name a metering point or serial")
        columns: dict[str, Values] = {}
        is_another, is_spoilt = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
        for name in NAMES:
            numbers = np.zeros(len(rows), np.int32)
            if name in by_line:
                text = rows.text(by_line[name].column)
                numbers = _numbers(text, self._number_of, _name)
                is_spoilt |= pc.match_substring_regex(text, _AS_SPREADSHEETS_SPOIL).to_numpy(zero_copy_only=False)
            if name in self._by_file:
                of_file = self._number_of.setdefault(self._by_file[name], len(self._number_of))
                is_another |= (numbers != NOT_GIVEN) & (numbers != of_file)
                numbers = np.full(len(rows), of_file, np.int32)
            columns[name] = numbers
        is_nameless = np.all([columns[name] == NOT_GIVEN for name in NAMES], axis=0)
        faults = np.select([is_nameless, is_spoilt, is_another], [_NAMELESS, _SPOILT, _ANOTHER], 0)
        return columns | {"faults.names": faults.astype(np.int8)}

    def _counter(self, rows: Rows, time: TimeColumn) -> dict[str, Values]:
        if time.counter_column is None:
            return {}
        # One that cannot be read tells nothing; a line needs it in one hour of the year.
        return {"counter_h": decimals.hours(rows.text(time.counter_column), self._profile.style)}

    @staticmethod
    def _marked(rows: Rows, text: Any, column: TimeColumn, either: Sequence[str]) -> tuple[Any, Int64]:
        """Give times without their marks, and the pass of autumn's hour that each mark says."""
        if column.mark_column is not None:
            return text, marks.passes(rows.text(column.mark_column), either)
        return marks.taken_out(text, either)

    def _values(self, rows: Rows) -> dict[str, Values]:
        columns: dict[str, Values] = {}
        for value in self._profile.values:
            if rows.has(value.column):
                read = self._figures(rows.text(value.column), self._units(rows, value), value)
                columns |= {value.field: read.values, f"faults.{value.field}": read.faults}
        return columns

    def _one_figure(self, rows: Rows) -> dict[str, Values]:
        """Read lines of one figure each. Samples are kept in the bits of whole numbers, so that all fit one column."""
        quantity = places_of_quantities(rows.lines, self._profile)
        figure, faults = np.full(len(rows), UNKNOWN, np.int64), np.zeros(len(rows), np.int8)
        for place, value in enumerate(self._profile.values):
            is_of_value = quantity == place
            mask = pa.array(is_of_value)
            units = self._units(rows, value)
            of_value = None if units is None else units.filter(mask)
            read = self._figures(rows.text(value.column).filter(mask), of_value, value)
            figure[is_of_value], faults[is_of_value] = as_bits(read.values), read.faults
        return {"quantity": quantity, "figure": figure, "faults.figure": faults}

    @staticmethod
    def _units(rows: Rows, value: ValueColumn) -> Any:
        """Give what each line says of its unit; None where all have the same."""
        if value.unit_column is not None and not rows.has(value.unit_column):
            raise UnreadableFileError(f"the file has the column {value.column} without its units, {value.unit_column}")
        return None if value.unit_column is None else rows.text(value.unit_column)

    def _figures(self, text: Any, units: Any, value: ValueColumn) -> value_columns.Figures:
        self._note_grouping(text, value)
        style = self._profile.style
        if units is None:
            read = value_columns.figures(text, value, style)
        else:
            read = value_columns.figures_by_line(text, units, value, style)
        self.emptied[value.field] = self.emptied.get(value.field, 0) + read.emptied
        return read

    def _note_grouping(self, text: Any, value: ValueColumn) -> None:
        before = self._grouping.get(value.field, decimals.Grouping(0, 0))
        found = decimals.grouping(decimals.without(text, value.sentinels)[0], self._profile.style)
        self._grouping[value.field] = decimals.Grouping(before.alone + found.alone, before.surely + found.surely)

    def _withdrawn(self, rows: Rows) -> dict[str, Values]:
        column = self._profile.withdrawn
        is_true = np.zeros(len(rows), np.bool_)
        is_known = np.ones(len(rows), np.bool_)
        if column is not None and rows.has(column.column):
            text = pc.utf8_lower(rows.text(column.column)).to_numpy(zero_copy_only=False)
            is_true, is_known = np.isin(text, ["true", "1"]), np.isin(text, ["true", "1", "false", "0", ""])
        return {"withdrawn": is_true, "faults.withdrawn": (~is_known).astype(np.int8)}


def _check_whole(rows: Rows, column: TimeColumn) -> None:
    lacking = [str(place) for place in column.places if not rows.has(place)]
    if lacking:
        raise UnreadableFileError(f"the file has the column {column.column} without {', '.join(lacking)}")


def _numbers(text: Any, number_of: dict[str, int], name: Callable[[str], str] = str) -> Values:
    """Number texts by what they name, each new one on."""
    encoded = text.dictionary_encode()
    numbers = [number_of.setdefault(name(one), len(number_of)) for one in encoded.dictionary.to_pylist()]
    return np.array(numbers, np.int32)[encoded.indices.to_numpy()]


def _name(text: str) -> str:
    """Give a name without the formula that programs put around it, so that Excel leaves its zeros: `="0123"`."""
    return text[2:-1] if text.startswith('="') and text.endswith('"') and len(text) > 3 else text
