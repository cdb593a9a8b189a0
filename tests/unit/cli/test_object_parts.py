"""A file of objects in parts: no row is lost, each part is a file of its own, and lines keep their numbers."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cli.object_parts import Part, parts_of
from services.common.tables import BadTableError

HEADER = "serial;metering_point;note"
LARGEST = 120

fields = st.text(st.sampled_from('ab ;,\n"å'), max_size=30)
files = st.tuples(
    st.lists(st.tuples(st.sampled_from(["M1", "M2", "M3"]), fields, fields)), st.sampled_from(["\n", "\r\n"])
)


def as_read(text: str) -> list[tuple[int, dict[str, str]]]:
    """Read a file as a spreadsheet would: the rows, each with the number of its last line."""
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=";", strict=True)
    return [(reader.line_num, row) for row in reader]


def written(rows: list[tuple[str, str, str]], line_end: str) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", lineterminator=line_end).writerows([HEADER.split(";"), *rows])
    return out.getvalue()


def in_file(parts: list[Part]) -> list[tuple[int, dict[str, str]]]:
    return [(part.line_in_file(line), row) for part in parts for line, row in as_read(part.body.decode())]


@given(file=files)
def test_the_parts_hold_every_row_once_in_order_with_its_line_in_the_file(
    file: tuple[list[tuple[str, str, str]], str],
) -> None:
    text = written(*file)
    parts = list(parts_of(text.encode(), "serial", by_object=False, largest=LARGEST))
    assert in_file(parts) == as_read(text)
    for part in parts:
        assert len(part.body) <= LARGEST or len(as_read(part.body.decode())) == 1


@given(file=files)
def test_all_rows_of_an_object_are_in_one_part(file: tuple[list[tuple[str, str, str]], str]) -> None:
    text = written(*file)
    parts = list(parts_of(text.encode(), "serial", by_object=True, largest=LARGEST))
    assert sorted(line for line, _ in in_file(parts)) == [line for line, _ in as_read(text)]
    serials = [{row["serial"] for _, row in as_read(part.body.decode())} for part in parts]
    assert sum(map(len, serials)) == len({row["serial"] for _, row in as_read(text)})


def test_a_last_row_without_a_line_end_and_empty_lines_do_not_move_others() -> None:
    text = f"{HEADER}\nM1;P;{'x' * 80}\n\n\nM2;P;{'y' * 80}\nM1;Q;z"
    parts = list(parts_of(text.encode("utf-8-sig"), "serial", by_object=True, largest=LARGEST))
    assert [(line, row["serial"]) for line, row in in_file(parts)] == [(2, "M1"), (6, "M1"), (5, "M2")]


def test_a_file_that_is_small_enough_is_sent_as_it_is() -> None:
    body = b"\xef\xbb\xbfserial\n\nM1"
    assert list(parts_of(body, "serial", by_object=True)) == [Part(body, {})]


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('M2;"never closed;P\n', "line 52: unexpected end of data; quote fields that hold the separator"),
        ("M2;Ä;P\n", "byte 580 is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_to_its_end_is_refused_before_a_part_is_sent(row: str, words: str) -> None:
    text = f"{HEADER}\n" + "M1;P;quite\n" * 50 + row
    encoded = text.encode("latin-1")
    with pytest.raises(BadTableError, match=words):
        next(iter(parts_of(encoded, "serial", by_object=False, largest=LARGEST)))
