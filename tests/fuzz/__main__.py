"""`python -m tests.fuzz SECONDS [NAME...]` damages what comes in for so long per decoder, and shrinks what breaks one.

A decoder must give a reading or its own refusal, whatever comes: a telegram within 50 ms of the processor's time, a
body or a file within 2 s and 200 MB. What breaks one is kept by hypothesis in `.hypothesis` and tried first the next
time.
"""

import base64
import resource
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from hypothesis import HealthCheck, given, settings

from services.ingest.sources.telegram import Telegram
from tests.fuzz.bodies import WAYS_IN, WORKBOOKS, WayIn
from tests.fuzz.damage import damaged
from tests.fuzz.decoders import DECODERS, by_module, by_network, inside, is_slow, outcome
from tests.fuzz.published import published_frames, published_payloads
from tests.telegrams import chirp_stack, corpus, things_stack

EXAMPLES_A_ROUND = 2_000
EXAMPLES_OF_WORKBOOKS = 100
SHORTEST_FRAME = 20
SHOWN_CALLS = -5
MOST_SECONDS, MOST_BYTES = 2.0, 200_000_000


class Target(NamedTuple):
    """What is tried: by its name, what it makes of bytes, and which to damage."""

    name: str
    check: Callable[[bytes], str]
    good: Sequence[bytes]
    is_text: bool = False
    examples: int = EXAMPLES_A_ROUND


def fuzz(target: Target, seconds: float) -> Counter[str]:
    """Try one decoder; gives how often each outcome came. Raises what it raised, with what it was given."""
    outcomes: Counter[str] = Counter()

    @settings(max_examples=target.examples, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(data=damaged(target.good, of_text=target.is_text))
    def holds(data: bytes) -> None:
        outcomes[target.check(data)] += 1

    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        holds()
    return outcomes


def good_of(decode: Callable[[bytes], Telegram]) -> Sequence[bytes]:
    """Give what of built and of real telegrams a decoder is handed here."""
    payloads = published_payloads()
    if decode is by_module:
        return [*(inside(decode, one) for one in corpus()), *payloads]
    if decode is by_network:
        texts = [base64.b64encode(payload).decode() for payload in payloads]
        uplinks = [network(text) for text in texts for network in (chirp_stack, things_stack)]
        return [*(inside(decode, one) for one in corpus()), *uplinks]
    return [inside(decode, one) for one in (*corpus(), *published_frames()) if len(one) > SHORTEST_FRAME]


def _telegram(decode: Callable[[bytes], Telegram], data: bytes) -> str:
    told = outcome(decode, data)
    assert not is_slow(decode, data)
    return told


def _body(way: WayIn, data: bytes) -> str:
    before, began = _most_memory(), time.process_time()
    told = way.read(data)
    assert time.process_time() - began <= MOST_SECONDS
    assert _most_memory() - before <= MOST_BYTES
    return told


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def targets() -> list[Target]:
    """Give all that is tried: telegrams' decoders, bodies, files."""
    telegrams = [
        Target(decode.__name__, partial(_telegram, decode), good_of(decode))
        for decode in DECODERS
        if decode is not by_network
    ]
    uplinks = Target(by_network.__name__, partial(_telegram, by_network), good_of(by_network), is_text=True)
    bodies = [Target(way.read.__name__, partial(_body, way), way.good, way.is_text) for way in WAYS_IN]
    of_workbooks = partial(_body, WORKBOOKS)
    books = Target(WORKBOOKS.read.__name__, of_workbooks, WORKBOOKS.good, examples=EXAMPLES_OF_WORKBOOKS)
    return [*telegrams, uplinks, *bodies, books]


def main(arguments: Sequence[str]) -> int:
    """Try each decoder, or those that are named, for the seconds given, ten minutes where none are."""
    seconds = float(arguments[0]) if arguments else 600.0
    broken = 0
    for target in targets():
        if arguments[1:] and target.name not in arguments[1:]:
            continue
        try:
            outcomes = fuzz(target, seconds)
        except BaseException as error:
            if isinstance(error, KeyboardInterrupt):
                raise
            broken += 1
            traceback.print_exception(error, limit=SHOWN_CALLS)
            print(f"{target.name}: BROKEN", flush=True)
            continue
        print(f"{target.name}: {outcomes.total():,} tried, {dict(outcomes.most_common(12))}", flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
