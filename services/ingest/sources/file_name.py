"""Whose readings a file holds, and when it was exported, told by its name."""

import re
from itertools import pairwise

from services.ingest.sources.refusals import UnreadableFileError

NAMES = ("serial", "metering_point")
EXPORTED = "exported_at"
_PIECES = re.compile(r"(\{[^{}]*\}|\*)")


def check_template(template: str) -> str:
    """Give a profile's file_name back, such as `{serial}_*.csv`. Raises ValueError where it cannot be used."""
    pieces = [piece for piece in _PIECES.split(template) if piece]
    named = [piece[1:-1] for piece in pieces if piece.startswith("{")]
    if not named or set(named) - {*NAMES, EXPORTED} or len(named) != len(set(named)):
        raise ValueError("write {serial}, {metering_point} or {exported_at}, each once, as in {serial}_*.csv")
    for piece, following in pairwise(pieces):
        if piece.startswith("{") and (following.startswith("{") or following == "*"):
            raise ValueError(f"put a character behind {piece} that ends it, as in {piece}_*.csv")
    if re.search(r"[{}/\\]", "".join(piece for piece in pieces if not piece.startswith("{"))):
        raise ValueError("a file's name has neither braces nor slashes beside its names")
    return template


def names_in(file_name: str, template: str, exported_form: str = "") -> dict[str, str]:
    """Give what a file's name says, by the names in its template. Raises UnreadableFileError where it does not fit.

    A name ends at the first character that follows it in the template; `*` stands for any run of characters.
    exported_form: the pattern of a time such as `{exported_at}`, which may hold the character that follows it.
    """
    pieces = [piece for piece in _PIECES.split(template) if piece]
    pattern = "".join(
        _pattern(piece, following, exported_form) for piece, following in zip(pieces, [*pieces[1:], ""], strict=True)
    )
    # Only the letters around the names: Windows programs write .CSV or .csv as they like.
    found = re.fullmatch(pattern, file_name, re.IGNORECASE | re.DOTALL)
    named = (*NAMES, EXPORTED)
    names = {name: text.strip() for name, text in found.groupdict().items() if name in named} if found else {}
    if not names or "" in names.values():
        raise UnreadableFileError(
            f"the file's name is not as the profile's file_name says, {template}; rename the file, or mend the profile"
        )
    return names


def _pattern(piece: str, following: str, exported_form: str) -> str:
    if piece == "*":
        return ".*"
    if piece == f"{{{EXPORTED}}}":
        return f"(?P<{EXPORTED}>{exported_form})"
    if piece.startswith("{"):
        one = f"[^{re.escape(following[0])}]" if following else "."
        return f"(?P<{piece[1:-1]}>{one}+)"
    return re.escape(piece)
