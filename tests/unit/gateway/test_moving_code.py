"""The moving code as a picture: what a phone reads off it is what BankID asks for."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from services.gateway.portal.moving_code import picture
from tests.oracle import qr_reader

QUIET = 4


def dark(svg: str) -> set[tuple[int, int]]:
    """Give the dark modules by row and column: the picture's lines run through the middle of each row."""
    line = ElementTree.fromstring(svg).findall("path")[-1].attrib["d"]  # noqa: S314 our own
    row = column = 0
    found = set()
    for command, values in re.findall(r"([Mmh])([^Mmh]*)", line):
        numbers = [float(value) for value in re.findall(r"-?[\d.]+", values)]
        if command == "h":
            found |= {(row, at) for at in range(column, column + int(numbers[0]))}
            column += int(numbers[0])
        else:
            column, row = (
                (int(numbers[0]), int(numbers[1]))
                if command == "M"
                else (column + int(numbers[0]), row + int(numbers[1]))
            )
    return found


@pytest.mark.parametrize("second", ["0", "1", "2"])
def test_a_frame_reads_as_the_text_that_bankid_publishes(shared_data: Path, second: str) -> None:
    vectors = json.loads((shared_data / "bankid" / "bankid_v6_vectors.json").read_text())
    text = vectors["qr_official_vectors"]["qrData"][second]
    found = dark(picture(text))
    side = range(qr_reader.SIZE)
    modules = {(row, column): (row + QUIET, column + QUIET) in found for row in side for column in side}
    assert qr_reader.read(modules) == text


def test_the_picture_has_a_light_edge_and_nothing_that_a_strict_policy_refuses() -> None:
    svg = picture("x")
    width = int(ElementTree.fromstring(svg).attrib["viewBox"].split()[2])  # noqa: S314 our own
    assert all(QUIET <= row < width - QUIET and QUIET <= column < width - QUIET for row, column in dark(svg))
    assert re.search(r"style|script|href|class|xmlns", svg) is None
