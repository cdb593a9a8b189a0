"""Whose readings a file holds, and when it was exported, told by its name."""

import re

from services.ingest.sources.refusals import UnreadableFileError
from services.ingest.sources.template import check_names, literal_of, pattern_of

EXPORTED = "exported_at"
_NAMES = ("serial", "metering_point", EXPORTED)


def check_template(template: str) -> str:
    """Give a profile's file_name back, such as `{serial}_*.csv`. Raises ValueError where it cannot be used."""
    check_names(template, _NAMES, "{serial}_*.csv")
    if re.search(r"[{}/\\]", literal_of(template)):
        raise ValueError("a file's name has neither braces nor slashes beside its names")
    return template


def names_in(file_name: str, template: str, exported_form: str = "") -> dict[str, str]:
    """Give what a file's name says, by the names in its template. Raises UnreadableFileError where it does not fit.

    exported_form: the pattern of a time such as `{exported_at}`, which may hold the character that follows it.
    """
    # Only the letters around the names: Windows programs write .CSV or .csv as they like.
    found = pattern_of(template, {EXPORTED: exported_form}).fullmatch(file_name)
    names = {name: text.strip() for name, text in found.groupdict().items() if name in _NAMES} if found else {}
    if not names or "" in names.values():
        raise UnreadableFileError(
            f"the file's name is not as the profile's file_name says, {template}; rename the file, or mend the profile"
        )
    return names
