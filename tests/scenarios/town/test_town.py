"""A small town on the real stack, and that what is held against its truth would notice."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any, NamedTuple

import numpy as np
import psycopg
import pytest

from deploy.local.services import CONTRACTS, INGEST_API, ingest_worker
from deploy.local.stack import Stack
from services.cli.requests import RequestError
from services.cli.simulator.flaws import USUAL_FLAWS, Flaw
from services.cli.simulator.posting import deliver, register
from services.cli.simulator.town import Town, town
from services.ingest.core.vee.rules import Rule
from services.ingest.core.verdict import Verdict
from tests.integration.looking import wait_for
from tests.running import running
from tests.scenarios.town.expected import Expected, expected, second
from tests.scenarios.town.found import FOUND_BY
from tests.scenarios.town.orders import Order
from tests.scenarios.town.play import Stage, measured, play
from tests.scenarios.town.report import Result, broken
from tests.scenarios.town.stored import Tables, stored

OFTEN = {
    **USUAL_FLAWS,
    Flaw.ROLLOVER: 0.2, Flaw.EXCHANGE: 4.0, Flaw.CLOCK_CHANGE: 0.3, Flaw.GAP: 10.0, Flaw.OUTAGE: 8.0,
    Flaw.SENTINEL: 0.002, Flaw.SPIKE: 0.002, Flaw.CORRECTION: 0.002, Flaw.WITHDRAWAL: 0.002,
    Flaw.FALLEN_REGISTER: 0.002, Flaw.FALSE_PEAK: 0.001, Flaw.COUNTERS_DISAGREE: 3.0, Flaw.DEAD_SENSOR: 4.0,
    Flaw.WRONG_CLOCK: 4.0,
}  # fmt: skip
PLAN = ((Order.IN_ORDER, 0), (Order.SHUFFLED, 1), (Order.CORRECTED, 1), (Order.REPEATED, 1))
ASKED_HOURS = 4


class Played(NamedTuple):
    """What came of the town's orders, and what is stored after the last."""

    stack: Stack
    connection: psycopg.Connection[Any]
    truth: Expected
    results: dict[str, Result]
    tables: Tables


@pytest.fixture(scope="module")
def built() -> Town:
    """Twelve buildings around a clock change, more flawed than real ones."""
    return town(41, 12, date(2024, 2, 28), date(2024, 4, 4), OFTEN)


@pytest.fixture(scope="module")
def played(built: Town, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("town")
    with ExitStack() as services, psycopg.connect(stack.admin_dsn, autocommit=True) as connection:
        for service in (CONTRACTS, INGEST_API, ingest_worker(1)):
            services.enter_context(running(stack, service, folder / service.name))
        stage = Stage(stack, connection, folder, ASKED_HOURS)
        results = {result.name: result for result in play(stage, built, OFTEN, PLAN)}
        yield Played(stack, connection, expected(built, OFTEN), results, stored(connection, built))


@pytest.mark.parametrize("name", ["in order", "shuffled, 1", "corrected, 1", "split, repeated, 1"])
def test_a_town_is_stored_as_its_truth_says_in_whatever_order_it_comes(played: Played, name: str) -> None:
    result = played.results[name]
    assert broken(result) == []
    assert result.good_hours > 4_000
    assert min(result.hours.figures, result.months.figures, result.sums.figures) > 0


def test_every_kind_of_flaw_befalls_the_town(played: Played) -> None:
    assert {recall.flaw for recall in played.results["in order"].recalls if recall.lines} == set(FOUND_BY)


def test_a_town_that_is_sent_again_changes_nothing(built: Town, played: Played) -> None:
    sent = deliver(played.stack, built)
    assert sent == (built.readings, built.readings, 0)
    query = """
        SELECT sum(result.readings) FROM ingest.delivery_result AS result JOIN ingest.delivery USING (delivery_id)
          JOIN ingest.source USING (source_id) WHERE source.name = 'T41' AND verdict = %s
    """
    wait_for(lambda: (played.connection.execute(query, [Verdict.DUPLICATE]).fetchone() or [0])[0] >= built.readings)
    assert stored(played.connection, built) == played.tables


def test_a_second_town_of_one_seed_is_refused_before_it_changes_the_first(played: Played) -> None:
    with pytest.raises(RequestError, match="choose another with --seed"):
        register(played.stack, town(41, 1, date(2025, 3, 18), date(2025, 4, 15)))


def test_an_hour_with_another_energy_is_noticed(built: Town, played: Played) -> None:
    number, starts_s = _good_hour(built, played.truth)
    line = next(line for line in played.tables["hours"].splitlines() if line.startswith(b"%s,%d," % (number, starts_s)))
    columns = line.split(b",")
    columns[2] = b"%d" % (int(columns[2]) + 5_000)
    result = _altered(built, played, "hours", line, b",".join(columns))
    assert (len(result.hours.wrong), len(result.sums.wrong)) == (1, 1)


def test_an_hour_that_lacks_is_noticed(built: Town, played: Played) -> None:
    number, starts_s = _good_hour(built, played.truth)
    line = next(line for line in played.tables["hours"].splitlines() if line.startswith(b"%s,%d," % (number, starts_s)))
    assert len(_altered(built, played, "hours", line + b"\n", b"").hours.wrong) == 1


@pytest.mark.parametrize("flaw", [Flaw.FALLEN_REGISTER, Flaw.SENTINEL, Flaw.OUTAGE, Flaw.LATE])
def test_a_flaw_that_is_not_found_is_noticed(built: Town, played: Played, flaw: Flaw) -> None:
    said = next(line for line in played.truth.lines if line["kind"] == flaw)["said"][0]
    begin = f"{said['metering_point']},{second(said['read_at'])},".encode()
    line = next(line for line in played.tables["readings"].splitlines() if line.startswith(begin))
    result = _altered(built, played, "readings", line, line.rpartition(b",")[0] + b",%d" % Verdict.METER_NOT_INSTALLED)
    assert [recall.flaw for recall in result.recalls if len(recall.missed) > _missed(played, recall.flaw)] == [flaw]
    assert f"{flaw}: 1 of " in broken(result)[0]


def test_flags_on_good_hours_are_noticed(built: Town, played: Played) -> None:
    good = np.argwhere(~played.truth.is_odd & ~played.truth.is_daily[:, None])[::50]
    lines = [
        b"%s,%d,%d" % (built.points[point].number.encode(), built.from_s + 3600 * hour, Rule.SPIKE)
        for point, hour in good.tolist()
    ]
    head = played.tables["flags"].splitlines()[0]
    result = _altered(built, played, "flags", head, b"\n".join([head, *lines]))
    assert any("good hours are flagged" in words for words in broken(result))


def _good_hour(built: Town, truth: Expected) -> tuple[bytes, int]:
    """Name an hour in the middle of the town's period that no flaw touches."""
    good = np.argwhere(~truth.is_odd & ~truth.is_daily[:, None] & (np.arange(truth.is_odd.shape[1]) > 300))
    point, hour = good[0].tolist()
    return built.points[point].number.encode(), built.from_s + 3600 * hour


def _altered(built: Town, played: Played, table: str, line: bytes, by: bytes) -> Result:
    assert played.tables[table].count(line) == 1
    altered = {**played.tables, table: played.tables[table].replace(line, by)}
    return measured("altered", built, played.truth, altered, [])


def _missed(played: Played, flaw: Flaw) -> int:
    return next(len(recall.missed) for recall in played.results["in order"].recalls if recall.flaw == flaw)
