"""The moving code as a picture: against the squares that another encoder gives for BankID's published examples."""

import hashlib
import json
from pathlib import Path

import pytest

from services.gateway.core.qr_code import LONGEST, SIZE, modules, svg_path

# SHA-256 of the 41 rows of '#' and '.' that the encoder qrcode 8.2 gives: version 6, correction L, mask 0.
SQUARES = {
    "0": "8ea0906d29c5d0fbc300a8b67a127b033e9c28aaeab4f4727f3639f21642df1e",
    "1": "11113b15039372904dff9fe42283cd548f5a0425056bf3cefe5a5299bdc7dd9d",
}


def rows(text: str) -> list[str]:
    found = modules(text)
    return ["".join("#" if found[row, column] else "." for column in range(SIZE)) for row in range(SIZE)]


@pytest.mark.parametrize("second", SQUARES)
def test_a_frame_has_the_squares_of_another_encoder(shared_data: Path, second: str) -> None:
    vectors = json.loads((shared_data / "bankid" / "bankid_v6_vectors.json").read_text())
    text = vectors["qr_official_vectors"]["qrData"][second]
    assert hashlib.sha256("\n".join(rows(text)).encode()).hexdigest() == SQUARES[second]


def test_the_picture_has_a_square_for_each_dark_module_and_a_quiet_edge() -> None:
    path = svg_path("x")
    assert path.count("M") == sum(row.count("#") for row in rows("x"))
    assert path.startswith("M4 4h1v1h-1z")


def test_what_does_not_fit_is_refused() -> None:
    assert rows("a" * LONGEST)
    with pytest.raises(ValueError, match="135 bytes"):
        modules("a" * (LONGEST + 1))
