"""Tables for people, in whatever room there is: no number or date is broken in two."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.table import Table
from rich.text import Text

GAP = 2
NARROWEST_WORDS = 16
"""What a column of words needs at least; in less than that every word would be broken."""


class Heading(NamedTuple):
    """A column for people. may_wrap: it holds words. may_go: it is left out first where there is no room."""

    words: str
    is_text: bool = False
    may_wrap: bool = False
    may_go: bool = False


def fitting(headings: Sequence[Heading], rows: Sequence[Sequence[str]], width: int) -> list[int]:
    """Give the places of the columns that there is room for: of those that may go, the last ones go first."""
    needed = [_needed(heading, [row[at] for row in rows]) for at, heading in enumerate(headings)]
    kept = list(range(len(headings)))
    for at in reversed(kept.copy()):
        if sum(needed[one] + GAP for one in kept) - GAP <= width:
            break
        if headings[at].may_go:
            kept.remove(at)
    return kept


def table(headings: Sequence[Heading], rows: Sequence[Sequence[str]], kept: Sequence[int]) -> Table:
    """Lay out the kept columns of some rows."""
    laid_out = Table(box=None, pad_edge=False)
    for heading in (headings[at] for at in kept):
        laid_out.add_column(
            heading.words,
            justify="left" if heading.is_text else "right",
            no_wrap=not heading.may_wrap,
            overflow="fold",
        )
    for row in rows:
        laid_out.add_row(*(Text(row[at]) for at in kept))
    return laid_out


def left_out(headings: Sequence[Heading], kept: Sequence[int]) -> str:
    """Say which columns there was no room for; empty where all are there."""
    gone = [heading.words for at, heading in enumerate(headings) if at not in kept]
    return f"no room here for: {', '.join(gone)}; a wider window shows them" if gone else ""


def _needed(heading: Heading, cells: Sequence[str]) -> int:
    longest = max(map(len, (heading.words, *cells)))
    return min(longest, NARROWEST_WORDS) if heading.may_wrap else longest
