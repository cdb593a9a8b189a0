"""A sender of readings as a process of its own: several connections, each posting as soon as it was answered.

Arguments: address, key, content type, readings a post, connections, seconds. Prints how many readings were taken
and how long it took, as JSON.
"""

import asyncio
import json
import sys
import time
from collections.abc import Iterator
from itertools import count

import httpx
import numpy as np
import pyarrow as pa
import uvloop

from schemas.event import ARROW
from tests.bench.fleet import readings
from tests.builders import stream

WARM_UP_S = 2.0
DIFFERENT_BODIES = 40
"""Made before the clock runs; a meter's head-end would not make them on our machine."""


def bodies(content_type: str, each: int) -> list[bytes]:
    """Make deliveries of one hour of so many metering points each."""
    batches = [
        readings(np.arange(each) + 1 + part * each, np.zeros(each, np.int64)) for part in range(DIFFERENT_BODIES)
    ]
    return [stream(batch) if content_type == ARROW else _json(batch) for batch in batches]


def _json(batch: pa.RecordBatch) -> bytes:
    rows = batch.to_pylist()
    for row in rows:
        row["read_at"] = row["read_at"].isoformat()
        row["recorded_at"] = row["recorded_at"].isoformat()
    return json.dumps([{name: value for name, value in row.items() if value is not None} for row in rows]).encode()


async def send(address: str, key: str, content_type: str, each: int, connections: int, seconds: float) -> None:
    """Post until time is over, and print what was taken after the warm-up."""
    made = bodies(content_type, each)
    headers = {"Authorization": f"Bearer {key}", "Content-Type": content_type}
    turn = count()
    async with httpx.AsyncClient(headers=headers, timeout=30) as client:
        await _posting(client, address, made, turn, connections, WARM_UP_S)
        began = time.monotonic()
        posts = await _posting(client, address, made, turn, connections, seconds)
        print(json.dumps({"readings": posts * each, "seconds": time.monotonic() - began}))


async def _posting(
    client: httpx.AsyncClient, address: str, made: list[bytes], turn: Iterator[int], connections: int, seconds: float
) -> int:
    ends_at = time.monotonic() + seconds

    async def one_after_another() -> int:
        posts = 0
        while time.monotonic() < ends_at:
            answer = await client.post(address, content=made[next(turn) % len(made)])
            answer.raise_for_status()
            posts += 1
        return posts

    return sum(await asyncio.gather(*(one_after_another() for _ in range(connections))))


if __name__ == "__main__":
    address, key, content_type, each, connections, seconds = sys.argv[1:]
    uvloop.run(send(address, key, content_type, int(each), int(connections), float(seconds)))
