"""A wide file's profile as of the long one that it becomes: what its header says stands in columns of that name."""

from collections.abc import Mapping, Sequence
from typing import Any

from services.ingest.sources.profile_parts import VALUE, in_braces, lines_of_header
from services.ingest.sources.template import names_of

_OF_A_LINE = ("serial", "metering_point", "quantity")


def named_by_header(given: Any) -> Any:
    """Give a profile's document with the columns that a wide file becomes; any other as it is.

    Raises ValueError where it names a column for what the header says.
    """
    wide = given.get("wide") if isinstance(given, Mapping) else None
    if not isinstance(wide, Mapping) or "header" not in wide:
        return given
    names = _names(wide["header"])
    document = dict(given)
    for name in _OF_A_LINE:
        if name in names:
            document[name] = _with(document.get(name, {}), name, "column", in_braces(name))
    for name, key in (("clock", "clock_column"), ("time", "column")):
        if name in names:
            document["time"] = _with(document.get("time", {}), "time", key, in_braces(name))
    if isinstance(document.get("values"), list | tuple):
        document["values"] = [_value(one, names) for one in document["values"]]
    return document


def _names(header: object) -> list[str]:
    try:
        return names_of(" ".join(lines_of_header(header)))
    except ValueError:
        return []  # The key's own check tells of it.


def _value(table: Any, names: Sequence[str]) -> Any:
    value = _with(table, "values", "column", VALUE)
    if "unit" not in names or not isinstance(value, Mapping):
        return value
    if value.get("unit") is not None:
        raise ValueError("values: [wide] says the unit of each column; leave unit out there")
    return _with(value, "values", "unit_column", in_braces("unit"))


def _with(table: Any, name: str, key: str, column: str) -> Any:
    if not isinstance(table, Mapping):
        return table
    if table.get(key) not in (None, column):
        raise ValueError(f"{name}: [wide] says where it stands; leave {key} out there")
    return {**table, key: column}
