"""Imports of CSV files over HTTP: the body as text, and the answer of what became of each line."""

from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from fastapi import Request
from pydantic import BaseModel

from services.common.problems import Problem
from services.common.tables import BadRow, BadTableError


@dataclass
class Report:
    """What became of a file's lines. changes: how many objects were created, changed and unchanged."""

    lines: int = 0
    changes: Counter[str] = field(default_factory=Counter)
    refused: list[BadRow] = field(default_factory=list)


class ImportAnswer(BaseModel):
    """A report as it is answered: `refused_lines` counts all refused lines, `refused` lists the first of them."""

    lines: int
    created: int
    changed: int
    unchanged: int
    refused_lines: int
    refused: list[BadRow]

    @classmethod
    def of(cls, report: Report, most_listed: int) -> Self:
        """Put a report into an answer that lists so many refused lines at most, in the file's order."""
        return cls(
            lines=report.lines,
            created=report.changes["created"],
            changed=report.changes["changed"],
            unchanged=report.changes["unchanged"],
            refused_lines=len(report.refused),
            refused=sorted(report.refused, key=lambda bad: bad.line)[:most_listed],
        )


def not_utf8(error: UnicodeDecodeError) -> str:
    """Say of a file that it is no UTF-8, and what to do."""
    return f"byte {error.start} is not UTF-8; save the file as UTF-8"


async def imported(request: Request, store: Callable[[str], Awaitable[Report]], most_listed: int) -> ImportAnswer:
    """Store the file that a request holds, and answer. Raises Problem where no line of it can be read."""
    try:
        text = (await request.body()).decode("utf-8-sig")
        return ImportAnswer.of(await store(text), most_listed)
    except UnicodeDecodeError as error:
        raise Problem(422, "not_utf8", not_utf8(error)) from error
    except BadTableError as error:
        raise Problem(422, "bad_table", str(error)) from error
