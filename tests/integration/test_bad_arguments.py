"""What cannot be shown, determined or closed is told in a sentence: what is wrong, and what to do."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import psycopg
import pytest

from deploy.local.services import BILLING, CONTRACTS
from deploy.local.stack import Stack
from tests.builders import HOUR_S, MIDNIGHT_S, Points
from tests.integration.kulvert_command import Kulvert
from tests.running import running

KINDS = ("days", "hours", "readings", "refused")


@pytest.fixture(scope="module")
def services(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("bad-arguments")
    with running(stack, CONTRACTS, folder / "contracts.log"), running(stack, BILLING, folder / "billing.log") as client:
        yield client


@pytest.fixture
def kulvert(stack: Stack, tmp_path: Path) -> Kulvert:
    return Kulvert(stack, tmp_path)


@pytest.fixture
def point(stack: Stack) -> str:
    """The number of a metering point of which nothing is stored."""
    (point_id,) = Points(stack).add()
    return f"MP-{point_id}"


def refused(kulvert: Kulvert, *arguments: str) -> str:
    done = kulvert.run(*arguments)
    assert (done.returncode, done.stdout) == (1, "")
    return " ".join(done.stderr.split())


@pytest.mark.parametrize("kind", KINDS)
def test_days_that_are_reversed_are_told_as_that(kulvert: Kulvert, point: str, kind: str) -> None:
    said = refused(kulvert, "show", kind, point, "--from", "2026-02-01", "--to", "2026-01-01")
    assert said == "--to lies before --from; both days are included"


@pytest.mark.parametrize("kind", KINDS)
def test_a_metering_point_that_is_not_there_is_told_as_that(kulvert: Kulvert, kind: str) -> None:
    assert refused(kulvert, "show", kind, "nowhere").startswith("there is no metering point")


@pytest.mark.parametrize("kind", KINDS)
def test_where_nothing_is_stored_it_is_said_of_what(kulvert: Kulvert, point: str, kind: str) -> None:
    nothing = "no refused readings" if kind == "refused" else f"no {kind}"
    assert kulvert.does("show", kind, point) == f"{nothing} are stored of this span\n"
    assert kulvert.does("show", kind, point, "--format", "json") == "[]\n"
    assert len(kulvert.does("show", kind, point, "--format", "csv").splitlines()) == 1


def test_a_meters_serial_names_its_metering_point_and_its_own_refused_readings(
    kulvert: Kulvert, stack: Stack, point: str
) -> None:
    point_id, serial, other = int(point.removeprefix("MP-")), uuid4().hex[:12], uuid4().hex[:12]
    Points(stack).install(other, point_id, MIDNIGHT_S - HOUR_S, MIDNIGHT_S)
    Points(stack).install(serial, point_id, MIDNIGHT_S)
    with psycopg.connect(stack.admin_dsn) as connection:
        connection.execute("SELECT ingest.ensure_partitions('2024-01-01Z', '2024-02-01Z')")
        for one, energy_wh in ((serial, 5), (other, 6)):
            connection.execute(
                "INSERT INTO ingest.reading (point_id, read_at, content_hash, meter_id, rank, recorded_at, energy_wh,"
                " withdrawn, verdict)"
                " SELECT %s, %s, %s, meter_id, 0, now(), %s, false, 10 FROM ingest.meter WHERE serial = %s",
                [point_id, datetime.fromtimestamp(MIDNIGHT_S, UTC) + timedelta(hours=1), energy_wh, energy_wh, one],
            )
    said = refused(kulvert, "show", "days", serial)
    assert said == f"'{serial}' is a meter's serial; what it measures stands at metering point '{point}'"
    assert [row["energy_wh"] for row in kulvert.rows("refused", serial)] == ["5"]
    assert sorted(row["energy_wh"] for row in kulvert.rows("refused", point)) == ["5", "6"]
    assert "1 row\n" in kulvert.does("show", "refused", serial)


def test_a_time_zone_that_is_none_is_named(kulvert: Kulvert, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(kulvert.environment, "KULVERT_TIME_ZONE", "Mars/Base")
    said = refused(kulvert, "show", "days", point)
    assert said == "KULVERT_TIME_ZONE is 'Mars/Base'; write a time zone as in Europe/Stockholm"


def test_a_power_that_cannot_be_determined_says_why(kulvert: Kulvert, services: httpx.Client) -> None:
    unknown = refused(kulvert, "subscription-power", "nowhere", "--winter", "2018/2019")
    assert unknown == "there is no metering point 'nowhere'; put it first"
    spaced = refused(kulvert, "subscription-power", "a b", "--winter", "2018/2019")
    assert spaced == "metering_point: write 1 to 40 letters, digits, dots, hyphens or underscores, without spaces"
    year = datetime.now(UTC).year
    to_come = refused(kulvert, "subscription-power", "nowhere", "--winter", f"{year}/{year + 1}")
    assert to_come.startswith(f"winter {year}/{year + 1} lasts until {year + 1}-03-31; ask again after that day")


def test_a_month_that_cannot_be_closed_says_why(kulvert: Kulvert, services: httpx.Client) -> None:
    month = f"{datetime.now(UTC) + timedelta(days=40):%Y-%m}"
    assert refused(kulvert, "invoices", "run", month).startswith(f"{month} is not over yet; close it from")
    nothing = "1995-01: nothing to issue, since no contract has a day in that month.\n"
    assert kulvert.does("invoices", "run", "1995-01") == nothing


def test_an_invoice_that_is_not_there_or_cannot_be_written_is_told_as_that(
    kulvert: Kulvert, services: httpx.Client
) -> None:
    assert refused(kulvert, "invoices", "pdf", "1990-999999") == "There is no invoice '1990-999999' here."
    told = kulvert.does("invoices", "list", "--month", "1995-01")
    assert told == "no invoice is issued of 1995-01; close a month with: kulvert invoices run MONTH\n"
