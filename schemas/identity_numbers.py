"""Personal and organisation numbers: read in any usual spelling, kept in one."""

PERSONAL_DIGITS = 12
ORGANISATION_DIGITS = 10
CENTURY_OF_ORGANISATIONS = "16"


def identity_number(text: str) -> str:
    """Bring a Swedish personal or organisation number to its digits alone: 12 for a person, 10 for others.

    A person's is written with its century, YYYYMMDD-NNNN; an organisation's NNNNNN-NNNN, also with 16 before
    it. A sole trader's organisation number is the owner's personal number and is just as personal. Raises
    ValueError, without the number in its text, where it is too short, too long or its check digit is wrong.
    """
    digits = text.strip().replace("-", "").replace(" ", "")
    if len(digits) == PERSONAL_DIGITS and digits.startswith(CENTURY_OF_ORGANISATIONS):
        digits = digits[len(CENTURY_OF_ORGANISATIONS) :]
    if not (digits.isascii() and digits.isdigit()) or len(digits) not in (PERSONAL_DIGITS, ORGANISATION_DIGITS):
        raise ValueError("write a personal number as YYYYMMDD-NNNN and an organisation number as NNNNNN-NNNN")
    if not _has_right_check_digit(digits[-ORGANISATION_DIGITS:]):
        raise ValueError("the number's check digit is wrong; look for a misspelt digit")
    return digits


def personal_number(text: str) -> str:
    """Bring a person's number to its 12 digits. Raises ValueError as above, and for what is no person's."""
    digits = identity_number(text)
    if len(digits) != PERSONAL_DIGITS:
        raise ValueError("write a personal number as YYYYMMDD-NNNN")
    return digits


def _has_right_check_digit(ten_digits: str) -> bool:
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(ten_digits))
    return sum(product // 10 + product % 10 for product in doubled) % 10 == 0
