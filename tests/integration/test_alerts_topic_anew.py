"""The alerts service while the topic that it listens to is made anew under it."""

import asyncio
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.stack import Stack
from schemas.topics import HOURLY_POWER
from services.common.kafka import create_topics
from tests.integration.looking import TIMEOUT_S, rows, wait_for
from tests.integration.test_alerts import NOW, RECENT, Service, new_point, put_rule, stood, store_hours, tell_hours


@pytest.fixture
def service(stack: Stack, tmp_path: Path) -> Iterator[Service]:
    rows(stack, "SELECT ingest.ensure_partitions(%s, %s)", RECENT, NOW)
    running = Service(stack, tmp_path / "alerts.log")
    running.start()
    yield running
    running.kill()


def make_anew(stack: Stack) -> None:
    async def make() -> None:
        admin = AIOKafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap)
        await admin.start()
        try:
            await admin.delete_topics([HOURLY_POWER.name])
            async with asyncio.timeout(TIMEOUT_S):
                while HOURLY_POWER.name in await admin.list_topics():  # noqa: ASYNC110
                    await asyncio.sleep(0.05)
        finally:
            await admin.close()
        await create_topics(stack.kafka.bootstrap, [HOURLY_POWER])

    asyncio.run(make())


def points_of_one_partition(stack: Stack, count: int) -> list[int]:
    points = [new_point(stack)]
    while len(points) < count:
        point = new_point(stack)
        points += [point] if point % HOURLY_POWER.partitions == points[0] % HOURLY_POWER.partitions else []
    return points


@pytest.mark.parametrize("stands_still", [False, True], ids=["waiting", "standing still until it has grown"])
def test_a_topic_made_anew_is_taken_from_its_beginning(stack: Stack, service: Service, *, stands_still: bool) -> None:
    first, second, third = points_of_one_partition(stack, 3)
    base = f"http://127.0.0.1:{stack.port('alerts_http')}"
    with httpx.Client(base_url=base, headers={"Authorization": f"Bearer {stack.integration_key}"}) as api:
        rule = {point: put_rule(api, point) for point in (first, second, third)}
    for point in rule:
        store_hours(stack, point, RECENT, {0: 12})
    tell_hours(stack, first, RECENT, [0])
    wait_for(lambda: len(stood(stack, rule[first])) == 1, service.log)
    if stands_still:
        service.process.send_signal(signal.SIGSTOP)
    make_anew(stack)
    # One message lies where the service had come to, and the other before it.
    for point in (second, third):
        tell_hours(stack, point, RECENT, [0])
    service.process.send_signal(signal.SIGCONT)
    assert service.process.wait(TIMEOUT_S) == 1
    service.start()
    for point in (second, third):
        wait_for(lambda own=rule[point]: len(stood(stack, own)) == 1, service.log)  # type: ignore[misc]
