"""One sheet's cells to standard output, as a process of its own with little memory and time.

A workbook of two cells can ask for more memory than any machine has, and the library that reads it then ends its whole
process. So this one is handed the bytes, imports of ours only what looks into them, and may die. Each cell is written
as a letter and its text: `s` a text (of an error, too), `n` a number, `m` one in a workbook that counts its days from
1904, `d` a moment, `t` seconds of a day; nothing where it is empty.
"""

import csv
import io
import resource
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

MOST_BYTES = 2_000_000_000
MOST_CPU_S = 120
REFUSED = 3
HEADER_WITHIN_ROWS, FEWEST_NAMES, FEWEST_HOURS = 100, 2, 23


def text_of(cell: object, number: str = "n") -> str:
    """Write one cell. number: the letter of a number."""
    if isinstance(cell, str):
        return f"s{cell}" if cell else ""
    if isinstance(cell, bool):
        return f"s{str(cell).lower()}"
    if isinstance(cell, int | float):
        # Fifteen digits are what a spreadsheet shows; those behind them are the float's own.
        return f"{number}{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime):
        return f"d{(cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()}"
    if isinstance(cell, date):
        return f"d{cell.isoformat()}T00:00:00"
    if isinstance(cell, time):
        return f"t{cell.hour * 3_600 + cell.minute * 60 + cell.second + round(cell.microsecond / 1e6)}"
    return f"t{round(cell.total_seconds())}" if isinstance(cell, timedelta) else ""


def write_sheet(data: bytes, sheet: str) -> None:
    """Write a sheet, named or by its number from 1, or the first. Ends the process with REFUSED where it cannot.

    So it ends, too, where none is named and others have the same header: most likely each holds a month.
    """
    import python_calamine

    from services.ingest.sources import workbook_parts

    try:
        number_letter = "m" if workbook_parts.counts_from_1904(data) else "n"
        data = workbook_parts.with_errors_as_texts(data)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
        is_named = bool(sheet)
        sheet = sheet or "1"
        number = int(sheet) if sheet.isdecimal() and sheet not in names else 0
        if not 0 <= number <= len(names) or (not number and sheet not in names):
            _refuse(f"has no sheet {sheet}; it has {', '.join(names)[:500]}")
        chosen = names[number - 1] if number else sheet
        rows = _rows(book, chosen)
        if not is_named and len(names) > 1 and not any(cell != "" for row in rows for cell in row):
            _refuse(f"has nothing in its first sheet; it has {', '.join(names)[:500]}: name one in the profile: sheet")
        alike = (
            [] if is_named else [name for name in names if name != chosen and _has_header_of(rows, _rows(book, name))]
        )
    except python_calamine.PasswordError:
        _refuse("is encrypted; save it without a password")
    except workbook_parts.ErrorCellsError:
        _refuse("has cells with errors, as #N/A, which a file of its kind does not let us tell apart; save it as .xlsx")
    except python_calamine.CalamineError:
        _refuse("is damaged, or no workbook that can be read; save the sheet as .xlsx or CSV")
    if alike:
        _refuse(
            f"has the columns of its sheet {chosen} in {', '.join(alike)[:500]}, too; save each as a file of its own,"
            " or name the one to read in the profile: sheet"
        )
    writer = csv.writer(sys.stdout)
    for row in rows:
        writer.writerow([text_of(cell, number_letter) for cell in row])


def _rows(book: Any, sheet: str) -> list[list[Any]]:
    return book.get_sheet_by_name(sheet).to_python(skip_empty_area=False)


def _has_header_of(rows: list[list[Any]], others: list[list[Any]]) -> bool:
    """Tell whether a row of several names stands near the top of both sheets."""
    return bool(_headers(rows) & _headers(others))


def _headers(rows: list[list[Any]]) -> set[tuple[Any, ...]]:
    named = [tuple(cell for cell in row if cell != "") for row in rows[:HEADER_WITHIN_ROWS]]
    return {row for row in named if len(row) >= FEWEST_NAMES and _is_header(row)}


def _is_header(row: tuple[Any, ...]) -> bool:
    """Tell a row of names, or one whose names go on as hours do: as times, or as whole numbers that rise by one."""
    others = [cell for cell in row if not isinstance(cell, str)]
    if not others:
        return True
    if not isinstance(row[0], str) or len(others) < FEWEST_HOURS:
        return False
    if all(isinstance(cell, int | float) for cell in others):
        return all(later - cell == 1 for cell, later in pairwise(others))
    return all(isinstance(cell, time) for cell in others)


def _refuse(words: str) -> None:
    sys.stderr.write(words)
    sys.exit(REFUSED)


def main() -> None:
    """Read a workbook from standard input; the sheet is the only argument."""
    # Before the library is loaded, so that it lives within them.
    for limit, most in ((resource.RLIMIT_AS, MOST_BYTES), (resource.RLIMIT_CPU, MOST_CPU_S)):
        resource.setrlimit(limit, (most, most))
    # Isolated, the process knows no folder of ours.
    sys.path.insert(0, str(Path(__file__).parents[3]))
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    write_sheet(sys.stdin.buffer.read(), sys.argv[1])


if __name__ == "__main__":
    main()
