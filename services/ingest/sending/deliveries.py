"""Readings to the ingest service in deliveries that may be sent again, and what became of them."""

import hashlib
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from schemas.event import ARROW
from schemas.readings import READINGS_PER_MESSAGE
from services.heat.arrays import Int64
from services.ingest.sending.client import NotTakenError, PatientClient

LANES = 4
"""How many deliveries are under way at once."""
POLL_S = 0.2
MAY_BE_AHEAD = timedelta(days=1)
"""By how much a door's clock may be behind, so that readings it was sent were refused as of the future."""

Progress = Callable[[int], None]
"""Is told, in any thread, how many readings more have got one step further."""


class Delivered(NamedTuple):
    """One delivery: which rows (of all that are sent) it held, and what it was answered at the door."""

    delivery_id: str
    rows: Int64
    items: int
    taken: int
    refused: list[dict[str, Any]]


class Judged(NamedTuple):
    """One delivery after the worker has judged it: how many readings got each verdict, and which are refused."""

    delivered: Delivered
    received_at: str
    verdicts: Counter[str]
    refused: list[dict[str, Any]]


def deliver(source: PatientClient, readings: pa.Table, name: str, on_taken: Progress) -> list[Delivered]:
    """Send readings (METER_READINGS) in batches of 5,000, several at once, but each meter's in their order.

    Out of order they would end in the same figures, by way of gaps that are estimated and told of first. The same
    readings under the same name are the same deliveries, however often they are sent: each batch has an
    Idempotency-Key that follows from both. Only one that reaches into the last day is new each time, since what of it
    was ahead of the door's clock is to count when it is sent later. Raises NotTakenError.
    """
    failed = threading.Event()
    send = partial(_deliver_lane, source, readings, name=name, on_taken=on_taken, failed=failed)
    with ThreadPoolExecutor(LANES) as pool:
        sending = [pool.submit(send, lane) for lane in lanes(readings)]
        try:
            return [delivered for done in as_completed(sending) for delivered in done.result()]
        except NotTakenError:
            failed.set()
            raise
        except BaseException:
            # Nobody waits for the rest any more, least of all a person who has pressed Ctrl-C.
            source.give_up()
            raise


def lanes(readings: pa.Table) -> list[Int64]:
    """Part rows into lanes that may be sent side by side: all of a meter's are in one, in their order."""
    names = pc.coalesce(readings.column("metering_point"), readings.column("serial")).combine_chunks()
    encoded = names.dictionary_encode()
    of_name = np.array([zlib.crc32(str(name).encode()) % LANES for name in encoded.dictionary.to_pylist()], np.int64)
    lane = of_name[encoded.indices.to_numpy()]
    return [rows for number in range(LANES) if len(rows := np.flatnonzero(lane == number))]


def _deliver_lane(
    source: PatientClient, readings: pa.Table, lane: Int64, *, name: str, on_taken: Progress, failed: threading.Event
) -> list[Delivered]:
    delivered = []
    for start in range(0, len(lane), READINGS_PER_MESSAGE):
        if failed.is_set():
            break
        rows = lane[start : start + READINGS_PER_MESSAGE]
        delivered.append(_deliver_batch(source, readings.take(pa.array(rows)), rows, name))
        on_taken(len(rows))
    return delivered


def _deliver_batch(source: PatientClient, batch: pa.Table, rows: Int64, name: str) -> Delivered:
    body = arrow_stream(batch)
    now = datetime.now(UTC)
    sent = now.isoformat() if pc.max(batch.column("read_at")).as_py() > now - MAY_BE_AHEAD else ""
    key = hashlib.sha256(f"{name}:{rows[0]}:{sent}".encode() + body).hexdigest()
    # 422: not one of the readings could be taken; the answer says of each why.
    answer = source.ask(
        "POST",
        "/v1/readings",
        answers=(422,),
        content=body,
        headers={"Content-Type": ARROW, "Idempotency-Key": key},
    ).json()
    if "delivery_id" not in answer:
        raise source.error(str(answer.get("detail", answer)), 422, str(answer.get("code", "")))
    return Delivered(answer["delivery_id"], rows, answer["items"], answer["taken"], answer["refused"])


def arrow_stream(readings: pa.Table) -> bytes:
    """Write readings as an Arrow stream of one record batch."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, readings.schema) as writer:
        writer.write_table(readings.combine_chunks())
    return bytes(sink.getvalue())


def judged(
    source: PatientClient, delivered: Sequence[Delivered], within_s: float, on_judged: Progress
) -> Iterator[Judged]:
    """Wait until the worker has judged each delivery. Raises NotTakenError where it does not get on for `within_s`."""
    for one in delivered:
        deadline = time.monotonic() + within_s
        while (found := judged_by_now(source, one)) is None:
            if time.monotonic() > deadline:
                raise source.error(
                    f"everything is delivered, but the worker has judged nothing for {within_s:.0f} s;"
                    " look at it with: kulvert status. What is delivered is not lost; import again to see the result"
                )
            time.sleep(POLL_S)
        on_judged(one.items)
        yield found


def judged_by_now(source: PatientClient, one: Delivered) -> Judged | None:
    """Ask once what became of a delivery; None while it waits. Raises NotTakenError."""
    state = source.ask("GET", f"/v1/deliveries/{one.delivery_id}").json()
    if state["state"] != "judged":
        return None
    return Judged(one, state["received_at"], Counter(state["verdicts"]), state["refused"])
