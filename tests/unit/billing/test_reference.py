"""The reference that finds an invoice, and how figures are written."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from services.billing.core import swedish
from services.billing.core.reference import invoice_number, luhn_digit, ocr_reference

DIGITS = st.text("0123456789", min_size=1, max_size=20)


def passes_luhn(digits: str) -> bool:
    values = [int(digit) for digit in reversed(digits)]
    doubled = [sum(divmod(2 * value, 10)) for value in values[1::2]]
    return (sum(values[::2]) + sum(doubled)) % 10 == 0


def test_a_known_number_has_its_known_check_digit() -> None:
    assert luhn_digit("7992739871") == 3


@given(st.integers(2020, 2060), st.integers(1, 10**7))
def test_a_reference_passes_luhn_and_tells_its_own_length(year: int, sequence: int) -> None:
    reference = ocr_reference(invoice_number(year, sequence))
    assert passes_luhn(reference)
    assert int(reference[-2]) == len(reference) % 10


@given(DIGITS, st.integers(0, 19), st.integers(1, 9))
def test_one_wrong_digit_never_passes(digits: str, place: int, slip: int) -> None:
    whole = digits + str(luhn_digit(digits))
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + slip) % 10) + whole[place + 1 :]
    assert not passes_luhn(wrong)


def test_figures_are_written_the_swedish_way() -> None:
    assert swedish.kronor(-1_234_550) == "−12\u00a0345,50"
    assert swedish.number(Decimal("12.3455"), 3) == "12,346"
    assert swedish.price(Decimal("545.00")) == "545,00"
    assert swedish.price(Decimal("0.7525")) == "0,7525"
    assert (swedish.power(Decimal("80.00")), swedish.power(Decimal("84.5"))) == ("80\u00a0kW", "84,5\u00a0kW")
    assert swedish.days(date(2026, 1, 1), date(2026, 2, 1)) == "1–31 januari 2026"
    assert swedish.days(date(2026, 1, 5), date(2026, 1, 6)) == "5 januari 2026"
    assert swedish.month(date(2026, 1, 1)) == "januari 2026"
