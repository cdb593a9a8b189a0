"""`python -m tests.fuzz SECONDS` damages telegrams for so long per decoder, and shrinks what breaks one.

A decoder must give a reading or its own refusal, whatever comes, within 50 ms of the processor's time. What breaks one
is kept by hypothesis in `.hypothesis` and tried first the next time.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.ingest.sources.telegram import Telegram
from tests.fuzz.decoders import DECODERS, inside, is_slow, outcome
from tests.telegrams import corpus

EXAMPLES_A_ROUND = 2_000
MOST_EDITS = 8
TELLING = bytes.fromhex("000F1F2F7F0D8D7CFCFDFBFF80848C3B3C6D6C78796EC3E4F5")
"""Bytes that mean something where a record begins, or at the length of a text."""


def damaged(good: Sequence[bytes]) -> st.SearchStrategy[bytes]:
    """Give telegrams with pieces cut out and others put in."""
    piece = st.one_of(
        st.binary(max_size=12),
        st.sampled_from(TELLING).map(lambda byte: bytes([byte])),
        st.builds(lambda byte, times: bytes([byte]) * times, st.sampled_from(TELLING), st.integers(2, 200)),
    )
    edit = st.tuples(st.integers(0, 260), st.integers(0, 300), piece)
    return st.builds(edited, st.sampled_from(good), st.lists(edit, max_size=MOST_EDITS))


def edited(data: bytes, edits: Sequence[tuple[int, int, bytes]]) -> bytes:
    """Replace, for each edit, so many bytes from a place on."""
    for at, length, piece in edits:
        data = data[:at] + piece + data[at + length :]
    return data


def fuzz(decode: Callable[[bytes], Telegram], seconds: float) -> Counter[str]:
    """Try one decoder; gives how often each outcome came. Raises what a telegram raised, with the telegram."""
    outcomes: Counter[str] = Counter()

    @settings(max_examples=EXAMPLES_A_ROUND, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(data=damaged([inside(decode, telegram) for telegram in corpus()]))
    def holds(data: bytes) -> None:
        outcomes[outcome(decode, data)] += 1
        assert not is_slow(decode, data)

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        holds()
    return outcomes


def main(arguments: Sequence[str]) -> None:
    """Try each decoder for the seconds given, ten minutes where none are."""
    seconds = float(arguments[0]) if arguments else 600.0
    for decode in DECODERS:
        outcomes = fuzz(decode, seconds)
        print(f"{decode.__name__}: {outcomes.total():,} telegrams, {dict(outcomes.most_common())}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
