"""One sheet's cells to standard output, as a process of its own with little memory and time.

A workbook of two cells can ask for more memory than any machine has, and the library that reads it then ends its whole
process. So this one imports nothing of ours, is handed the bytes, and may die. Each cell is written as a letter and its
text: `s` a text, `n` a number, `d` a moment, `t` seconds of a day; nothing where it is empty.
"""

import csv
import io
import resource
import sys
from datetime import date, datetime, time, timedelta
from decimal import Decimal

MOST_BYTES = 2_000_000_000
MOST_CPU_S = 120
REFUSED = 3


def text_of(cell: object) -> str:
    """Write one cell."""
    if isinstance(cell, str):
        return f"s{cell}" if cell else ""
    if isinstance(cell, bool):
        return f"s{str(cell).lower()}"
    if isinstance(cell, int | float):
        # Fifteen digits are what a spreadsheet shows; those behind them are the float's own.
        return f"n{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime):
        return f"d{(cell + timedelta(milliseconds=500)).replace(microsecond=0).isoformat()}"
    if isinstance(cell, date):
        return f"d{cell.isoformat()}T00:00:00"
    if isinstance(cell, time):
        return f"t{cell.hour * 3_600 + cell.minute * 60 + cell.second + round(cell.microsecond / 1e6)}"
    return f"t{round(cell.total_seconds())}" if isinstance(cell, timedelta) else ""


def write_sheet(data: bytes, sheet: str) -> None:
    """Write a sheet, named or by its number from 1. Ends the process with REFUSED and a reason where it cannot."""
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        names = book.sheet_names
        number = int(sheet) if sheet.isdecimal() and sheet not in names else 0
        if not 0 <= number <= len(names) or (not number and sheet not in names):
            _refuse(f"has no sheet {sheet}; it has {', '.join(names)[:500]}")
        rows = book.get_sheet_by_name(names[number - 1] if number else sheet).to_python(skip_empty_area=False)
    except python_calamine.PasswordError:
        _refuse("is encrypted; save it without a password")
    except python_calamine.CalamineError:
        _refuse("is damaged, or no workbook that can be read; save the sheet as .xlsx or CSV")
    writer = csv.writer(sys.stdout)
    for row in rows:
        writer.writerow([text_of(cell) for cell in row])


def _refuse(words: str) -> None:
    sys.stderr.write(words)
    sys.exit(REFUSED)


def main() -> None:
    """Read a workbook from standard input; the sheet is the only argument."""
    # Before the library is loaded, so that it lives within them.
    for limit, most in ((resource.RLIMIT_AS, MOST_BYTES), (resource.RLIMIT_CPU, MOST_CPU_S)):
        resource.setrlimit(limit, (most, most))
    sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
    write_sheet(sys.stdin.buffer.read(), sys.argv[1])


if __name__ == "__main__":
    main()
