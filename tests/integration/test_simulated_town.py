"""A simulated town on the real stack: what is stored is judged by the truth, flaw by flaw and hour by hour."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import psycopg
import pytest

from deploy.local.services import CONTRACTS, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from services.cli.requests import RequestError
from services.cli.simulator import truth
from services.cli.simulator.flaws import USUAL_FLAWS, Flaw
from services.cli.simulator.posting import deliver, register
from services.cli.simulator.registers import WH
from services.cli.simulator.town import Town, town
from services.ingest.core.verdict import Verdict
from tests.running import running

OFTEN = {
    Flaw.RESOLUTION: 0.3, Flaw.ROLLOVER: 0.2, Flaw.EXCHANGE: 4.0, Flaw.CLOCK_CHANGE: 0.2, Flaw.GAP: 12.0,
    Flaw.OUTAGE: 8.0, Flaw.SENTINEL: 0.002, Flaw.SPIKE: 0.002, Flaw.CORRECTION: 0.002, Flaw.WITHDRAWAL: 0.002,
}  # fmt: skip
JUDGED_WITHIN_S = 120


@pytest.fixture(scope="module")
def built() -> Town:
    """Twenty-five buildings around a clock change, more flawed than real ones."""
    return town(41, 25, date(2024, 3, 18), date(2024, 4, 15), {**USUAL_FLAWS, **OFTEN})


@pytest.fixture(scope="module")
def database(built: Town, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """The database once everything that the town sent is judged."""
    logs = tmp_path_factory.mktemp("town")
    with ExitStack() as services, psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        for service in (CONTRACTS, INGEST_API, ingest_worker(1)):
            services.enter_context(running(stack, service, logs / service.name))
        register(stack, built)
        sent = deliver(stack, built)
        assert sent == (built.readings, built.readings, 0)
        deadline = time.monotonic() + JUDGED_WITHIN_S
        while sum(verdicts(connection).values()) < once(built):
            assert time.monotonic() < deadline, (logs / ingest_worker(1).name).read_text()
            time.sleep(0.2)
        yield connection


def once(built: Town) -> int:
    """Count the readings that were delivered, those that came again left out."""
    return built.readings - truth.counts(built)[Flaw.DUPLICATE]


def verdicts(database: psycopg.Connection[Any]) -> Counter[int]:
    return Counter(
        dict(
            database.execute(
                "SELECT verdict, count(*) FROM ingest.reading JOIN ingest.point USING (point_id)"
                " WHERE number LIKE 'T41-%' GROUP BY verdict"
            )
        )
    )


def lines(built: Town, flaw: Flaw) -> list[dict[str, Any]]:
    return [line for line in truth.flaws(built) if line["kind"] == flaw]


def test_every_reading_is_kept_once(built: Town, database: psycopg.Connection[Any]) -> None:
    assert verdicts(database).total() == once(built)


def test_every_flaw_gets_its_verdict(built: Town, database: psycopg.Connection[Any]) -> None:
    found = verdicts(database)
    assert found[Verdict.SENTINEL] == len(lines(built, Flaw.SENTINEL))
    assert found[Verdict.ABOVE_PLAUSIBLE_MAXIMUM] == len(lines(built, Flaw.SPIKE))
    assert found[Verdict.OUTAGE_ZERO] == sum(len(line["said"]) for line in lines(built, Flaw.OUTAGE))
    assert found[Verdict.WITHDRAWN] == len(lines(built, Flaw.WITHDRAWAL))
    # The wrong value of a correction and the reading that was withdrawn.
    assert found[Verdict.SUPERSEDED] == len(lines(built, Flaw.CORRECTION)) + len(lines(built, Flaw.WITHDRAWAL))
    # Where the clock change stamped a reading with the instant of another one, one of the two.
    assert found[Verdict.CONFLICTING_VALUES] == len(lines(built, Flaw.CLOCK_CHANGE))


def test_of_a_hundred_good_hours_one_at_most_is_flagged(built: Town, database: psycopg.Connection[Any]) -> None:
    flagged = Counter(
        dict(
            database.execute(
                "SELECT rule, count(*) FROM ingest.flag JOIN ingest.point USING (point_id) WHERE number LIKE 'T41-%'"
                " GROUP BY rule"
            )
        )
    )
    hours = sum(len(built.true_hours[index]) for index in range(len(built.points)))
    assert flagged.total() <= hours / 100, flagged


def test_measured_hours_are_the_true_ones(built: Town, database: psycopg.Connection[Any]) -> None:
    misstamped = {line["metering_point"] for line in lines(built, Flaw.CLOCK_CHANGE)}
    resolution_wh = {meter.point: meter.resolution_wh for meter in built.meters}
    compared = 0
    for index, point in enumerate(built.points):
        if point.minute != 0 or point.number in misstamped:
            continue
        for starts_s, energy_wh, quality in hours(database, point.number):
            hour = (starts_s - built.from_s) // 3600
            off_wh = energy_wh - int(built.true_hours[index, hour, WH])
            assert abs(off_wh) < resolution_wh[index] or quality != "measured", (point.number, starts_s)
            compared += quality == "measured"
    assert compared > 10_000


def test_hours_sum_to_what_was_truly_used_whatever_befell_the_readings(
    built: Town, database: psycopg.Connection[Any]
) -> None:
    resolution_wh = {meter.point: meter.resolution_wh for meter in built.meters}
    whole = 0
    for index, point in enumerate(built.points):
        found = hours(database, point.number)
        inside = [row for row in found if built.from_s <= row[0] < built.to_s]
        if point.minute > 0 or len(inside) < built.true_hours.shape[1]:
            continue  # Its first and last hour mark lie between readings, or a flaw befell the first or last one.
        used_wh = int(built.true_hours[index, :, WH].sum())
        # Cut at both ends and, where the meter was exchanged, once more on either side.
        assert abs(sum(row[1] for row in inside) - used_wh) < 2 * resolution_wh[index]
        whole += 1
    assert whole > 15


def hours(database: psycopg.Connection[Any], number: str) -> list[tuple[int, int, str]]:
    return database.execute(
        "SELECT extract(epoch FROM starts_at)::bigint, energy_wh, quality::text"
        "  FROM ingest_v1.hour JOIN ingest.point USING (point_id) WHERE number = %s ORDER BY starts_at",
        [number],
    ).fetchall()


def test_a_second_town_of_one_seed_is_refused_before_it_changes_the_first(
    database: psycopg.Connection[Any], stack: Stack
) -> None:
    with pytest.raises(RequestError, match="choose another with --seed"):
        register(stack, town(41, 1, date(2025, 3, 18), date(2025, 4, 15)))
