"""Judging spans again because a meter, its installation or a limit changed after their readings were stored."""

import asyncio

import numpy as np
from aiokafka import AIOKafkaProducer

from services.common import logs
from services.common.health import Progress
from services.common.kafka import send_all
from services.common.postgres import Database
from services.ingest.estimating import Estimating
from services.ingest.handlers import ReadingHandlers
from services.ingest.rereading import read_one_again
from services.ingest.store import rejudge
from services.ingest.store.points import Touched

log = logs.get_logger()
IDLE_WAIT_S = 0.25


class Rejudging:
    """Takes one span after the other: judged and stored in one transaction, told of after it, and only then done.

    Then signatures are computed that wait, and deliveries are read again of which a meter has moved.

    What was judged but not told of when a process died is told of by the next one, from the rows as they stand.
    """

    def __init__(
        self,
        database: Database,
        producer: AIOKafkaProducer,
        readings: ReadingHandlers,
        estimating: Estimating,
        pulse: Progress,
    ) -> None:
        self._database = database
        self._producer = producer
        self._readings = readings
        self._estimating = estimating
        self._pulse = pulse

    async def run(self, stop: asyncio.Event) -> None:
        """Work until told to stop."""
        while not stop.is_set():
            self._pulse.beat()
            if await self.judge_one() or await self.tell_of_one() or await self._estimating.take_one():
                continue
            if await read_one_again(self._database):
                continue
            try:
                await asyncio.wait_for(stop.wait(), IDLE_WAIT_S)
            except TimeoutError:
                continue

    async def judge_one(self) -> bool:
        """Judge the oldest span that waits; tells whether there was one."""
        async with self._database.transaction() as tx:
            wanted = await rejudge.take_unjudged(tx)
            if wanted is None:
                return False
            logs.bind_correlation(wanted.correlation_id)
            touched = Touched(*(np.array([value]) for value in (wanted.point_id, wanted.from_s, wanted.to_s)))
            changes = await self._readings.rejudge(tx, touched)
            await rejudge.note_changes(tx, wanted.rejudge_id, changes.hours.starts_s, changes.days.day)
        log.info("span_rejudged", point_id=wanted.point_id, reason=wanted.reason, hours=len(changes.hours.owner))
        return True

    async def tell_of_one(self) -> bool:
        """Tell of a span that was judged and forget it; tells whether there was one."""
        async with self._database.transaction() as tx:
            judged = await rejudge.take_judged(tx)
            if judged is None:
                return False
            point_id, from_s, to_s = (np.array([value]) for value in (judged.point_id, judged.from_s, judged.to_s))
            correlation_id = logs.bind_correlation(judged.correlation_id)
            told = await self._readings.as_they_stand(tx, point_id, from_s, to_s, correlation_id)
            await send_all(self._producer, told)
            await rejudge.forget(tx, judged.rejudge_id)
        return True
