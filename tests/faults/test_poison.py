"""Messages that nobody can read, straight onto the readings' topic: each is kept aside, and nothing stops."""

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime
from random import Random

import pyarrow as pa

from deploy.local.services import ingest_worker
from schemas.event import SCHEMA_HEADER
from schemas.readings import METER_READINGS_SCHEMA_ID, READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS as TOPIC
from services.common.kafka import MAX_MESSAGE_BYTES, Outgoing, send_all, start_producer
from services.ingest.decode import readings_message
from tests.builders import HOUR_S, MIDNIGHT_S, Points, batch, stream
from tests.faults import levels
from tests.faults.system import System
from tests.faults.test_kills import say

GOOD, BAD, POINTS = 1_800, 200, 6
LEVEL_TIMEOUT_S = 120.0
LARGEST = MAX_MESSAGE_BYTES - 200
"""As large as a message may be, once Kafka has put its own beside it."""

Poison = tuple[bytes, list[tuple[str, bytes]]]


def poison(number: int, chance: Random) -> Poison:
    """Make a message of one of the ways in which one can be unreadable."""
    named = [(SCHEMA_HEADER, METER_READINGS_SCHEMA_ID.encode())]
    whole = stream(batch([{"metering_point": "nobody", "read_at": MIDNIGHT_S, "energy_wh": 1}]))
    match number % 8:
        case 0:
            return chance.randbytes(LARGEST if number == 0 else chance.randrange(3_000)), named
        case 1:
            return whole[: chance.randrange(1, len(whole) - 200)], named
        case 2:
            return whole, [(SCHEMA_HEADER, b"hourly-power/1")]
        case 3:
            return whole, [(SCHEMA_HEADER, b"meter-readings/99")]
        case 4:
            return whole, [(SCHEMA_HEADER, b"\xff\x00 readings")]
        case 5:
            return b"", named
        case 6:
            too_many = [{"metering_point": "nobody", "read_at": MIDNIGHT_S, "energy_wh": 1}] * (
                READINGS_PER_MESSAGE + 1
            )
            return stream(batch(too_many)), named
        case _:
            other = pa.RecordBatch.from_pydict({"temperature": [1.5]})
            return stream(other), named


def good(number: int, point: int, at_s: int) -> Outgoing:
    rows = batch([{"metering_point": f"MP-{point}", "read_at": at_s, "energy_wh": 1_000 * number}])
    return readings_message(rows, None, 0, "", number % TOPIC.partitions)


def send(system: System, messages: Iterable[Outgoing]) -> None:
    async def produce() -> None:
        producer = await start_producer(system.stack.kafka.bootstrap)
        try:
            await send_all(producer, messages)
        finally:
            await producer.stop()

    asyncio.run(produce())


def starts(system: System) -> list[int]:
    return [system.stack.starts(ingest_worker(number).name) for number in (1, 2)]


def test_two_hundred_unreadable_messages_are_kept_aside_and_the_rest_is_exact(system: System, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - chance, not a secret
    points = Points(system.stack)
    ids = points.add(POINTS)
    hours = GOOD // POINTS
    messages = [good(hour, point, MIDNIGHT_S + hour * HOUR_S) for hour in range(hours) for point in ids]
    poisons = [poison(number, chance) for number in range(BAD)]
    for number, (value, headers) in enumerate(poisons):
        numbered, partition = [*headers, ("number", str(number).encode())], chance.randrange(TOPIC.partitions)
        message = Outgoing(TOPIC.name, value, partition=partition, headers=numbered)
        messages.insert(chance.randrange(len(messages)), message)
    before, started = levels.messages(system, TOPIC.dead), starts(system)

    send(system, messages)
    system.wait_for(lambda: not levels.behind(system), "everything is stored", LEVEL_TIMEOUT_S)

    aside = levels.messages(system, TOPIC.dead)[len(before) :]
    kept = {int(dict(message.headers)["number"]): message.value for message in aside}
    assert [number for number, (value, _) in enumerate(poisons) if kept.get(number) != value] == []
    assert len(aside) == BAD
    assert all(dict(message.headers)["error"] for message in aside)
    assert all(dict(message.headers)["came-from"].startswith(b"meter-readings/") for message in aside)
    query = "SELECT point_id, starts_at, energy_wh, end_quality FROM ingest.hour WHERE point_id = ANY(%s) ORDER BY 1, 2"
    begins = [datetime.fromtimestamp(MIDNIGHT_S + hour * HOUR_S, UTC) for hour in range(hours - 1)]
    assert points.rows(query, [ids]) == [(point, begin, 1_000, 1) for point in ids for begin in begins]
    assert starts(system) == started
    say(f"seed {seed}: {len(aside)} of {len(messages)} messages kept aside")
