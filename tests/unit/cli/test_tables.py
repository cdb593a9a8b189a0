"""Tables in a window of any width: what does not fit is left out whole, and said."""

import io

import pytest
from rich.console import Console

from services.cli.invoices import HEADINGS
from services.cli.tables import Heading, fitting, left_out, table

INVOICE = ["2026-100305", "2026-10", "Bostadsrättsföreningen Svanen 2", "T202611-00016-V", "40 915.11", "issued"]
DUE = "2026-12-26"


def printed(headings: tuple[Heading, ...], rows: list[list[str]], width: int) -> tuple[list[str], str]:
    output = io.StringIO()
    kept = fitting(headings, rows, width)
    Console(file=output, width=width).print(table(headings, rows, kept))
    return output.getvalue().splitlines(), left_out(headings, kept)


def test_at_80_columns_no_number_or_date_of_an_invoice_is_broken_in_two() -> None:
    lines, words = printed(HEADINGS, [[*INVOICE, DUE]], 80)
    assert all(len(line) <= 80 for line in lines)
    for whole in ("2026-100305", "2026-10", "T202611-00016-V", "40 915.11", "issued"):
        assert whole in lines[1]
    assert words == "no room here for: Due; a wider window shows them"


def test_with_room_enough_every_column_is_there_and_nothing_is_said() -> None:
    lines, words = printed(HEADINGS, [[*INVOICE, DUE]], 120)
    assert all(whole in lines[1] for whole in (*INVOICE, DUE))
    assert words == ""


@pytest.mark.parametrize(("width", "kept"), [(14, [0, 1, 2]), (13, [0, 1]), (9, [0, 1]), (8, [0]), (1, [0])])
def test_of_the_columns_that_may_go_the_last_goes_first_and_the_others_stay(width: int, kept: list[int]) -> None:
    headings = (Heading("a"), Heading("b", may_go=True), Heading("c", may_go=True))
    assert fitting(headings, [["1234", "123", "123"]], width) == kept


def test_words_wrap_before_a_column_goes() -> None:
    headings = (Heading("who", is_text=True, may_wrap=True), Heading("sum", may_go=True))
    assert fitting(headings, [["Bostadsrättsföreningen Svanen", "10.00"]], 23) == [0, 1]
    assert fitting(headings, [["Bostadsrättsföreningen Svanen", "10.00"]], 22) == [0]
