"""What one would write first to take readings in: FastAPI, pydantic, and the same messages to Kafka; nothing kept.

Arguments: the broker's address, port. `/json` reads a list with pydantic; `/arrow` sends on unread what it gets.
"""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pyarrow as pa
import uvicorn
from fastapi import FastAPI, Request
from pydantic import AwareDatetime, BaseModel

from schemas.readings import METER_READINGS, READINGS_PER_MESSAGE
from schemas.topics import METER_READINGS as TOPIC
from services.common.kafka import start_producer
from tests.builders import stream


class Reading(BaseModel):
    """One item of a list; names and units are those of METER_READINGS."""

    serial: str | None = None
    metering_point: str | None = None
    read_at: AwareDatetime
    recorded_at: AwareDatetime | None = None
    energy_wh: int
    volume_l: int | None = None
    forward_lc: int | None = None
    return_lc: int | None = None
    flow_l_per_h: float | None = None
    power_w: float | None = None
    supply_c: float | None = None
    return_c: float | None = None
    withdrawn: bool = False


def app(bootstrap: str) -> FastAPI:
    """Give the web app."""

    @asynccontextmanager
    async def running(api: FastAPI) -> AsyncIterator[None]:
        api.state.producer = await start_producer(bootstrap)
        yield
        await api.state.producer.stop()

    api = FastAPI(lifespan=running)

    @api.post("/json", status_code=202)
    async def post_json(readings: list[Reading]) -> dict[str, int]:
        rows = [one.model_dump() for one in readings]
        for start in range(0, len(rows), READINGS_PER_MESSAGE):
            some = pa.RecordBatch.from_pylist(rows[start : start + READINGS_PER_MESSAGE], METER_READINGS)
            await api.state.producer.send_and_wait(TOPIC.name, stream(some))
        return {"taken": len(rows)}

    @api.post("/arrow", status_code=202)
    async def post_arrow(request: Request) -> dict[str, int]:
        body = await request.body()
        await api.state.producer.send_and_wait(TOPIC.name, body)
        return {"bytes": len(body)}

    @api.get("/ready")
    async def ready() -> dict[str, str]:
        return {}

    return api


if __name__ == "__main__":
    bootstrap, port = sys.argv[1:]
    asyncio.run(uvicorn.Server(uvicorn.Config(app(bootstrap), port=int(port), log_level="warning")).serve())
