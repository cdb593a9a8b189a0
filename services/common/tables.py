"""CSV files from staff systems, line by line: a bad line is refused alone."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from schemas.values import KEY_PATTERN, KEY_WORDS
from services.common.faults import reason


@dataclass(frozen=True)
class Kind:
    """A kind of file: the column with the object's number, and the document that the other columns make."""

    key: str
    document: type[BaseModel]

    @property
    def columns(self) -> set[str]:
        """All columns that a file of this kind may have."""
        return {self.key, *self.document.model_fields}

    @property
    def required(self) -> set[str]:
        """The columns that a file of this kind must have."""
        fields = self.document.model_fields.items()
        return {self.key} | {name for name, field in fields if field.is_required()}

    def ordered(self, columns: set[str]) -> list[str]:
        """Give columns in the order in which a person would write them: the number first."""
        return [name for name in (self.key, *self.document.model_fields) if name in columns]


@dataclass(frozen=True)
class Row:
    """A line that can be read: its place in the file, the object's number, and its document."""

    line: int
    key: str
    document: BaseModel


@dataclass(frozen=True)
class BadRow:
    """A line that is refused, with the field and the reason; never with the value."""

    line: int
    field: str
    code: str
    reason: str
    key: str = ""
    """The object's number, where the line shows one."""


class BadTableError(Exception):
    """A file of which no line can be read; the text says what is wrong and what to do."""


def rows(text: str, kind: Kind) -> Iterator[Row | BadRow]:
    """Read a CSV file with a header; comma or semicolon, empty fields count as not given.

    Lines are numbered as an editor shows them. Raises BadTableError before the first line where the header does
    not fit the kind.
    """
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    reader = csv.DictReader(source, delimiter=separator_of(text), strict=True)
    try:
        _check_header([name.strip() for name in reader.fieldnames or []], kind)
        for fields in reader:
            yield _row(reader.line_num, fields, kind)
    except csv.Error as error:
        raise unreadable(reader.line_num, error) from error


def columns_of(text: str) -> frozenset[str]:
    """Give the columns of a file that `rows` can read."""
    source = io.StringIO(text.removeprefix("\ufeff"), newline="")
    header = next(csv.reader(source, delimiter=separator_of(text), strict=True), [])
    return frozenset(name.strip() for name in header)


def separator_of(text: str) -> str:
    """Tell what separates a file's fields, semicolons or commas; its header decides."""
    first_line = text.split("\n", 1)[0]
    return ";" if first_line.count(";") > first_line.count(",") else ","


def unreadable(line: int, error: csv.Error) -> BadTableError:
    """Say of a line where its fields begin and end nobody can tell."""
    return BadTableError(f"line {line}: {error}; quote fields that hold the separator")


def _check_header(names: list[str], kind: Kind) -> None:
    missing, unknown = kind.required - set(names), set(names) - kind.columns
    if not missing and not unknown and len(set(names)) == len(names):
        return
    wanted = (
        f"needs the columns {', '.join(kind.ordered(kind.required))} and may have"
        f" {', '.join(kind.ordered(kind.columns - kind.required))}, each once"
    )
    if not any(names):
        raise BadTableError(f"the file is empty, or its first line is; that is the header, which {wanted}")
    raise BadTableError(
        f"the header {wanted};"
        f" missing: {', '.join(kind.ordered(missing)) or 'none'}, unknown: {', '.join(sorted(unknown)) or 'none'}"
    )


def _row(line: int, fields: dict[str | None, str | None], kind: Kind) -> Row | BadRow:
    if None in fields or None in fields.values():
        return BadRow(line, "", "wrong_number_of_fields", "the line has more or fewer fields than the header")
    given = {str(name).strip(): text.strip() for name, text in fields.items() if text and text.strip()}
    key = given.pop(kind.key, "")
    if not re.fullmatch(KEY_PATTERN, key):
        return BadRow(line, kind.key, "bad_number", KEY_WORDS)
    try:
        return Row(line, key, kind.document.model_validate(given))
    except ValidationError as error:
        fault = error.errors(include_input=False, include_url=False)[0]
        return BadRow(line, ".".join(str(part) for part in fault["loc"]), fault["type"], reason(fault), key)
