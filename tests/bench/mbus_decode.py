"""Telegrams a second on one core, from bytes to readings, beside pymeterbus alone on the same telegrams."""

import time
from collections.abc import Callable, Iterator

from services.ingest.sources import lorawan, mbus, wireless_mbus
from services.ingest.sources.pymeterbus import TelegramBody
from services.ingest.sources.telegram import Meter
from tests.bench.figures import Figure
from tests.telegrams import (
    OMS_KEY,
    RECEIVED_AT,
    address,
    encrypted,
    in_format_a,
    records,
    short_header,
    wired,
    wireless,
)

SECONDS = 3.0
AT_ONCE = 100

# As a Kamstrup 403 answers: registers and samples now, the greatest of them, two pulse inputs, the last fixed date.
HEAT = records(
    "0406CE860000", "04FF0734440200", "04FF08F8CE0100", "041411680300", "043B0F020000", "02593C19", "025DA411",
    "042D5B010000", "142DC0010000", "143B74020000", "84401400000000", "8480401400000000", "04FF2200000000",
    "046D1A2F6511", "440651820000", "4414B2C30000", "542D26020000", "543B03040000", "426C5F1C",
)  # fmt: skip
MODULE = records(
    "15", "04065A260000", "0414F0140A00", "022D0B00", "023B2600", "025A7B02", "025E7C01", "0C7871354969",
    "04FD1700000000",
)  # fmt: skip
WHO = address("77447744", "KAM", 0x34)


def mbus_decode() -> Iterator[Figure]:
    """Take each way a telegram comes."""
    # By itself it would have every library write lines between the figures; the import above has kept it from that.
    import meterbus  # type: ignore[import-untyped]

    wire, plain_meter, secret_meter = wired(HEAT, WHO), Meter(zone="+01:00"), Meter(key=OMS_KEY, zone="+01:00")
    configuration, cipher = encrypted(HEAT, WHO)
    bare = wireless(short_header(configuration) + cipher, WHO)
    radio = in_format_a(bare)
    meterbus.add_wmbus_encryption_key(WHO[:4][::-1], OMS_KEY)
    ways: tuple[tuple[str, Callable[[], object], Callable[[], object]], ...] = (
        ("wired", lambda: mbus.decode(wire, plain_meter, RECEIVED_AT), lambda: meterbus.load(wire).interpreted),
        # It neither knows nor checks the checksums, so it gets the telegram without.
        (
            "wireless",
            lambda: wireless_mbus.decode(radio, secret_meter, RECEIVED_AT),
            lambda: meterbus.load(bare).interpreted,
        ),
        ("lorawan", lambda: lorawan.read(MODULE, plain_meter, RECEIVED_AT), lambda: _records_by_pymeterbus(MODULE[1:])),
    )
    for name, ours, theirs in ways:
        yield Figure(name, _rate(ours), "telegrams/s", "pymeterbus alone", _rate(theirs))


def _records_by_pymeterbus(payload: bytes) -> object:
    body = TelegramBody()
    body.bodyHeader.ci_field = 0x72
    body.bodyPayload.load(list(payload))
    return body.bodyPayload.interpreted


def _rate(decode: Callable[[], object]) -> float:
    """Give how often a second one core does it, by the processor's time."""
    decode()
    done, began = 0, time.process_time()
    while (took := time.process_time() - began) < SECONDS:
        for _ in range(AT_ONCE):
            decode()
        done += AT_ONCE
    return done / took
