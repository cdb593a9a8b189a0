"""A QR code read as a phone reads it, but for mending what is unreadable: version 6 with the least error correction.

Source: ISO/IEC 18004. Format bits say how it is masked; data stands byte by byte in two blocks, written by turns.
"""

from collections.abc import Iterator, Mapping

SIZE = 41
DATA_BYTES = 136
TIMING = 6
LEAST_CORRECTION = 0b01
BYTES = 0b0100
FORMAT_MASK = 0b101010000010010

Modules = Mapping[tuple[int, int], bool]
"""By row and column: whether it is dark."""


def read(modules: Modules) -> str:
    """Give the text of a code. Raises AssertionError where it is not of that version and correction."""
    level, mask = _format(modules)
    assert level == LEAST_CORRECTION, level
    bits = "".join(str(int(modules[place] ^ _masked(mask, *place))) for place in _data_places())
    written = [int(bits[at : at + 8], 2) for at in range(0, DATA_BYTES * 8, 8)]
    data = "".join(f"{byte:08b}" for byte in written[::2] + written[1::2])
    assert int(data[:4], 2) == BYTES, data[:4]
    length = int(data[4:12], 2)
    return bytes(int(data[at : at + 8], 2) for at in range(12, 12 + length * 8, 8)).decode()


def _format(modules: Modules) -> tuple[int, int]:
    """Give the level of error correction and the number of the mask."""
    places = [(8, column) for column in (0, 1, 2, 3, 4, 5, 7, 8)] + [(row, 8) for row in (7, 5, 4, 3, 2, 1, 0)]
    value = int("".join(str(int(modules[place])) for place in places), 2) ^ FORMAT_MASK
    return value >> 13, value >> 10 & 0b111


def _masked(mask: int, row: int, column: int) -> bool:
    both = row * column
    return [
        (row + column) % 2,
        row % 2,
        column % 3,
        (row + column) % 3,
        (row // 2 + column // 3) % 2,
        both % 2 + both % 3,
        (both % 2 + both % 3) % 2,
        ((row + column) % 2 + both % 3) % 2,
    ][mask] == 0


def _data_places() -> Iterator[tuple[int, int]]:
    """Give the places in the order in which they are written: up and down in columns of two, from the right."""
    rights = [*range(SIZE - 1, TIMING, -2), *range(TIMING - 1, 0, -2)]
    for number, right in enumerate(rights):
        rows = range(SIZE) if number % 2 else range(SIZE - 1, -1, -1)
        yield from ((row, at) for row in rows for at in (right, right - 1) if not _is_pattern(row, at))


def _is_pattern(row: int, column: int) -> bool:
    """Say whether a place belongs to a finder with what stands beside it, the timing lines or the alignment."""
    finders = (row < 9 and column < 9) or (row < 9 and column >= SIZE - 8) or (row >= SIZE - 8 and column < 9)
    return finders or TIMING in (row, column) or (32 <= row <= 36 and 32 <= column <= 36)
