"""A QR code as a picture: of the one size that BankID's moving code needs, version 6 with the least error correction.

Source: ISO/IEC 18004. Which of the eight masks is used is free to whoever writes the code, since the code says which.
"""

from collections.abc import Iterator, Sequence
from itertools import chain, repeat

SIZE = 41
DATA_BYTES, BLOCKS, CORRECTION_BYTES = 136, 2, 18
LONGEST = DATA_BYTES - 2
"""Bytes that it holds: four bits say that they are bytes, and eight how many."""
FINDERS = ((3, 3), (3, SIZE - 4), (SIZE - 4, 3))
ALIGNMENT = (34, 34)
TIMING = 6
LEAST_CORRECTION_MASK_0 = 0b01000
FORMAT_MASK, FORMAT_POLYNOMIAL = 0b101010000010010, 0b10100110111
FIELD_POLYNOMIAL = 0x11D
QUIET = 4

Modules = dict[tuple[int, int], bool]
"""By row and column: whether it is dark."""


def svg_path(text: str) -> str:
    """Give the dark parts of a code as the path of a picture that is SIZE + 2 * QUIET wide and high."""
    dark = modules(text)
    return "".join(
        f"M{column + QUIET} {row + QUIET}h1v1h-1z" for row in range(SIZE) for column in range(SIZE) if dark[row, column]
    )


def modules(text: str) -> Modules:
    """Write a text as a code. Raises ValueError where it is longer than LONGEST bytes."""
    fixed = dict(_patterns()) | dict(_format())
    bits = _bits(_interleaved(_data(text.encode())))
    free = [place for place in _path() if place not in fixed]
    # Seven places are left over, which count as light before they are masked.
    written = zip(free, chain(bits, repeat(False)), strict=False)
    return fixed | {(row, column): bit ^ ((row + column) % 2 == 0) for (row, column), bit in written}


def _data(content: bytes) -> bytes:
    if len(content) > LONGEST:
        raise ValueError(f"the text is {len(content)} bytes long, and the code holds {LONGEST}")
    bits = f"{0b0100:04b}{len(content):08b}" + "".join(f"{byte:08b}" for byte in content) + "0000"
    whole = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    return (whole + b"\xec\x11" * DATA_BYTES)[:DATA_BYTES]


def _interleaved(data: bytes) -> list[int]:
    length = DATA_BYTES // BLOCKS
    blocks = [data[at : at + length] for at in range(0, DATA_BYTES, length)]
    return [*chain(*zip(*blocks, strict=True)), *chain(*zip(*map(_correction, blocks), strict=True))]


def _correction(block: bytes) -> list[int]:
    """Give the remainder of a block divided by the generator: Reed and Solomon's code."""
    generator = [1]
    root = 1
    for _ in range(CORRECTION_BYTES):
        shifted = [*generator, 0]
        generator = [one ^ _product(two, root) for one, two in zip(shifted, [0, *generator], strict=True)]
        root = _product(root, 2)
    rest = [*block, *[0] * CORRECTION_BYTES]
    for at in range(len(block)):
        factor = rest[at]
        for step, coefficient in enumerate(generator):
            rest[at + step] ^= _product(coefficient, factor)
    return rest[len(block) :]


def _product(one: int, two: int) -> int:
    """Multiply in the field of 256."""
    product = 0
    for bit in range(7, -1, -1):
        product = (product << 1) ^ (FIELD_POLYNOMIAL if product & 0x80 else 0)
        product ^= one if two >> bit & 1 else 0
    return product


def _bits(codewords: Sequence[int]) -> Iterator[bool]:
    return (bool(codeword >> bit & 1) for codeword in codewords for bit in range(7, -1, -1))


def _path() -> Iterator[tuple[int, int]]:
    """Give the places in the order in which they are written: up and down in columns of two, from the right."""
    rights = [*range(SIZE - 1, TIMING, -2), *range(TIMING - 1, 0, -2)]
    for number, right in enumerate(rights):
        rows = range(SIZE) if number % 2 else range(SIZE - 1, -1, -1)
        yield from ((row, column) for row in rows for column in (right, right - 1))


def _patterns() -> Iterator[tuple[tuple[int, int], bool]]:
    for at in range(8, SIZE - 8):
        yield (TIMING, at), at % 2 == 0
        yield (at, TIMING), at % 2 == 0
    for centre in FINDERS:
        yield from _rings(centre, 4, (0, 1, 3))
    yield from _rings(ALIGNMENT, 2, (0, 2))
    yield (SIZE - 8, 8), True


def _rings(centre: tuple[int, int], reach: int, dark: Sequence[int]) -> Iterator[tuple[tuple[int, int], bool]]:
    for row in range(centre[0] - reach, centre[0] + reach + 1):
        for column in range(centre[1] - reach, centre[1] + reach + 1):
            if 0 <= row < SIZE and 0 <= column < SIZE:
                yield (row, column), max(abs(row - centre[0]), abs(column - centre[1])) in dark


def _format() -> Iterator[tuple[tuple[int, int], bool]]:
    """Give what says how to read the code, which stands there twice."""
    rest = LEAST_CORRECTION_MASK_0 << 10
    for bit in range(14, 9, -1):
        rest ^= FORMAT_POLYNOMIAL << bit - 10 if rest >> bit & 1 else 0
    value = (LEAST_CORRECTION_MASK_0 << 10 | rest) ^ FORMAT_MASK
    down, left = (0, 1, 2, 3, 4, 5, 7, 8), (7, 5, 4, 3, 2, 1, 0)
    beside_finder = [*((row, 8) for row in down), *((8, column) for column in left)]
    apart = [*((8, SIZE - 1 - step) for step in range(8)), *((SIZE - 7 + step, 8) for step in range(7))]
    for places in (beside_finder, apart):
        yield from ((place, bool(value >> bit & 1)) for bit, place in enumerate(places))
