"""Whatever bytes come, a decoder gives a reading or its own refusal, and soon."""

import base64
import random
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.ingest.sources.telegram import Telegram
from tests.fuzz.decoders import DECODERS, by_network, inside, is_slow, outcome
from tests.telegrams import chirp_stack, corpus

MUTATED = 10_000

every_decoder = pytest.mark.parametrize("decode", DECODERS)


def mutated(telegrams: list[bytes], source: random.Random) -> Iterator[bytes]:
    """Damage good telegrams for ever: bits, bytes that mean something, pieces cut, doubled, put in and strung out."""
    telling = bytes.fromhex("0F1F2F7F0D8D7CFCFDFBFF80848C3B3C6D6C78796E")
    while True:
        data = bytearray(source.choice(telegrams))
        for _ in range(source.randint(1, 6)):
            at = source.randrange(len(data) + 1)
            data[at : at + source.choice((0, 1, 1, 1, 4, 400))] = source.choice(
                (
                    bytes([source.randrange(256)]),
                    bytes([source.choice(telling)]),
                    bytes([source.choice(telling)]) * source.randint(2, 200),
                    source.randbytes(source.randint(0, 12)),
                    bytes(data[at : at + source.randint(1, 30)]),
                    b"",
                )
            )
        yield bytes(data)


@every_decoder
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_by_name(decode: Callable[[bytes], Telegram], data: bytes) -> None:
    outcome(decode, data)


@every_decoder
def test_ten_thousand_damaged_telegrams_are_each_read_or_refused_within_50_ms(
    decode: Callable[[bytes], Telegram],
) -> None:
    """The processor's own time, so that a neighbour's work does not count."""
    good = [inside(decode, telegram) for telegram in corpus()]
    source = mutated(good, random.Random(2026))  # noqa: S311 - the same damage on each run.
    telegrams = [next(source) for _ in range(MUTATED)]
    assert [data.hex() for data in telegrams if is_slow(decode, data)] == []
    outcomes = {outcome(decode, data) for data in telegrams[: MUTATED // 10]}
    assert len(outcomes) >= 2, outcomes


@every_decoder
def test_the_undamaged_telegrams_are_not_all_refused_for_their_form(decode: Callable[[bytes], Telegram]) -> None:
    if decode is by_network:
        body = chirp_stack(base64.b64encode(b"\x15\x04\x06\xe8\x03\x00\x00").decode())
        assert outcome(decode, body) == "read"
        return
    assert "read" in {outcome(decode, inside(decode, telegram)) for telegram in corpus()}
