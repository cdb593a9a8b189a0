"""What is typed wrongly after a command is answered with what to write, before anything is asked of the stack."""

import pytest
from typer.testing import CliRunner

from services.cli.main import app

DAY = "write a day as in 2026-01-31, from 1990 to 2060"
MONTH = "write a month as in 2026-01, from 1990 to 2060"
WINTER = "write a winter as its two years, as in 2018/2019, from 1990/1991 to 2059/2060"
NUMBER = "write an invoice's number as in 2026-100482"


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        *((f"show {kind} ID --from {day}", DAY) for kind in ("days", "hours") for day in ("2026-02-30", "1 May", "5")),
        *(
            (f"show {kind} ID --to {day}", DAY)
            for kind in ("readings", "refused")
            for day in ("9999-12-31", "0001-01-01")
        ),
        ("show days ID --format xml", "write table or csv or json"),
        *((f"subscription-power ID --winter {one}", WINTER) for one in ("2018", "2018-2019", "2018/2020", "18/19")),
        ("subscription-power ID --winter 3018/3019", WINTER),
        *((f"invoices run {one}", MONTH) for one in ("2026-13", "2026-1", "january", "1950-01", "2026-01?x=1", "../x")),
        ("invoices list --month 2026-13", MONTH),
        *(
            (f"invoices list --limit {one}", "write a whole number from 1 to 1000")
            for one in ("0", "1001", "1.5", "ten")
        ),
        *(
            (f"price-lists effect bas --before {one} --after 2 --year 2025", "write a whole number from 1 to 1000000")
            for one in ("0", "2023-01-01")
        ),
        ("price-lists effect bas --before 1 --after 2 --year 25", "write a whole number from 1990 to 2060"),
        *((f"invoices pdf {one}", NUMBER) for one in ("nonsense", "../invoices", "2026-1")),
    ],
)
def test_what_is_typed_wrongly_is_answered_with_what_to_write(typed: str, words: str) -> None:
    done = CliRunner().invoke(app, typed.split(), env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert words in " ".join(done.output.replace("│", " ").split())
    assert "Value error" not in done.output
    assert "Input should" not in done.output
